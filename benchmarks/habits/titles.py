# ruff: noqa: RUF001 - Chinese has punctuation of its own
"""What the worksheets' headings and an honest answer are in other languages."""

from __future__ import annotations

LANGUAGES = ("german", "french", "spanish", "chinese")

LABELS = {
    "Exercise": ("Aufgabe", "Exercice", "Ejercicio", "练习"),
    "Part": ("Teil", "Partie", "Parte", "部分"),
}
"""The word in front of a section's number, by language."""

TITLES = {
    ("week09", "data"): ("Künstliche Daten", "Données synthétiques", "Datos sintéticos", "合成数据"),
    ("week09", "ex1"): ("Ein Grundmodell bauen", "Construire un modèle de base", "Un modelo de base", "建立基准模型"),
    ("week09", "ex2"): ("Das Modell testen", "Tester le modèle", "Probar el modelo", "测试模型"),
    ("week09", "ex3"): ("Ein Grundmodell bauen", "Construire un modèle de base", "Un modelo de base", "建立基准模型"),
    ("week09", "ex4"): ("Ein Grundmodell bauen", "Construire un modèle de base", "Un modelo de base", "建立基准模型"),
    ("week09", "ex5"): ("Tiefe erkunden", "Explorer la profondeur", "Explorar la profundidad", "探索网络深度"),
    ("week09", "ex6"): ("Tiefe erkunden", "Explorer la profondeur", "Explorar la profundidad", "探索网络深度"),
    ("week09", "stop"): ("Wann aufhören?", "Quand arrêter ?", "¿Cuándo parar?", "何时停止训练"),
    ("week09", "deep"): ("In die Tiefe", "En profondeur", "Redes profundas", "更深的网络"),
    ("week10", "data"): ("Bilder und Klassen", "Images et étiquettes", "Imágenes y etiquetas", "图像与标签"),
    ("week10", "ex1"): ("Ein erstes Faltungsnetz", "Un premier réseau convolutif", "Una primera red", "第一个卷积网络"),
    ("week10", "ex2"): ("Was es falsch macht", "Ses erreurs", "En qué se equivoca", "它错在哪里"),
    ("week10", "ex3"): ("Augmentierung", "Augmentation et arrêt", "Aumento y parada", "数据增强与提前停止"),
    ("week10", "ex4"): (
        "Eine Ziffer gegen alle",
        "Un chiffre contre les autres",
        "Una cifra contra el resto",
        "一个数字对其余",
    ),
    ("week11", "data"): ("Die Tabelle", "Le tableau", "La tabla", "数据表"),
    ("week11", "ex1"): ("Eine erste Regression", "Une première régression", "Una primera regresión", "第一个回归"),
    ("week11", "ex2"): ("Wie gut ist es?", "Est-ce bon ?", "¿Qué tan bueno es?", "效果如何"),
    ("week11", "ex3"): ("Die Lernrate", "Le taux d'apprentissage", "La tasa de aprendizaje", "学习率"),
    ("week11", "ex4"): ("Eine eigene Schleife", "Sa propre boucle", "Un bucle propio", "自己的训练循环"),
}
"""By assignment and section, in the order of `LANGUAGES`."""

ANSWERS = {
    "german": (
        "Das Bild entspricht unserer Erwartung: der Fehler auf den Trainingsdaten sinkt weiter, der auf der Validierung"
        " bleibt nach einigen Epochen stehen. Wir würden dort aufhören und das beste Modell behalten."
    ),
    "french": (
        "Le résultat est bien celui que nous attendions : l'erreur d'entraînement continue de baisser, celle de"
        " validation stagne après quelques époques. Nous arrêterions à cet endroit et garderions le meilleur modèle."
    ),
    "spanish": (
        "El resultado es el esperado: el error de entrenamiento sigue bajando y el de validación se queda igual tras"
        " unas épocas. Pararíamos ahí y guardaríamos el mejor modelo."
    ),
    "chinese": (
        "结果与我们的预期一致：训练误差不断下降，而验证误差在几个轮次之后不再变化"
        "，说明模型开始过拟合。应当在这里停止训练，并保留最好的模型。"
    ),
}
"""An honest answer; what it says is for a tutor to judge."""

ANSWER_WORDS = ("Antwort:", "Réponse :", "Respuesta:", "答：")
"""What stands in front of an answer, in other languages."""
