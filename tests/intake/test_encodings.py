"""Names in archives are read as what they are, whatever wrote them."""

from __future__ import annotations

import pytest

from grader.intake.encodings import best_encoding


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", ["løsning øvelse.ipynb", "作业.ipynb", "Übung 🎉.ipynb"]),
        ("cp850", ["Lösung.ipynb", "løsning øvelse.ipynb"]),
        ("cp850", ["Übung 1.ipynb"]),
        ("cp1252", ["Übung Größe.ipynb"]),
        ("cp1252", ["Prénom Éléonore.ipynb"]),
        ("gb18030", ["作业.ipynb", "学生.ipynb"]),
    ],
)
def test_names_come_back(encoding, names):
    """Letters of the language of the machine that made the archive."""
    raw = [name.encode(encoding) for name in names]
    assert [one.decode(best_encoding(raw)) for one in raw] == names
