"""Text without markup, and what only labels the text behind it."""

from __future__ import annotations

import re

from grader.text.words import WORD

_TAG = re.compile(r"<[^<>]{0,300}>")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")

_LABEL_WORD = re.compile(
    r"discuss(?:ion)?|answers?|ans|explanation|explain|comments?|conclusion|response|reply|solution|observations?"
    r"|analysis|results?|question|text|here|your|write|type|this|cell|edit|enter|double|click|to|below|markdown|and|or|the"
    r"|in|a|todo|tbd|diskussion|besprechung|antwort(?:en)?|erklärung|kommentar|fazit|lösung|beobachtung|ergebnis(?:se)?"
    r"|hier|ihre|deine|discusi[oó]n|respuesta|discussione|risposta|r[eé]ponse|commentaires?|讨论|討論|答案?|结论|結論|分析|解答"
    r"|考察|обсуждение|ответ|вывод",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:<(summary|b|strong|em|i|u|p|div)\b[^<>]{0,300}>|(\*\*|__|[*_]))\s*"
    r"(answer|antwort|response|solution|lösung|réponse|respuesta|答|ответ)\s*(?(1)</\1>|\2)(?=\s*(?!(?-i:[a-zß-ÿ]))[^\s:*_])",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Text without markup; a label that markup alone sets off from its answer keeps a colon."""
    text = _LABELLED.sub(r"\3: ", text)
    return _TAG.sub(" ", _LINK.sub(r"\1", _IMAGE.sub(" ", text)))


def is_label(block: str) -> bool:
    """Whether a block only says what should stand behind it: ``Discussion:``, ``Your answer here``."""
    found = WORD.findall(plain(block))
    return all(_LABEL_WORD.fullmatch(word) for word in found) or (len(found) <= 2 and block.rstrip(" *_").endswith(":"))
