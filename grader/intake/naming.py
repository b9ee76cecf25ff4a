"""The authors that a notebook names, and names as they stand in ids."""

from __future__ import annotations

import hashlib
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from grader.limits import MAX_AUTHOR_CHARACTERS, MAX_AUTHORS, MAX_SLUG_CHARACTERS
from grader.printed_text import well_formed
from grader.records import Author, Cell

_LETTERS = str.maketrans(
    {
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ł": "l",
        "\u0131": "i",
        "ħ": "h",
        "ŋ": "n",
    }
)

NEAR_THE_TOP = 8
"""Cells in which authors name themselves."""
_LABEL = re.compile(
    r"(?:full\s+|student\s+|group\s+|team\s+)?"
    r"(?:names?|authors?|students?|members?|team|group|pair|partners?|collaborators?|(?:submitted|written|done)\s+by"
    r"|vor-?\s*und\s+nachnamen?|namen|autor(?:en|in|innen)?|verfasser(?:in|innen)?|studierende[rn]?|student(?:en|in|innen)"
    r"|gruppe(?:nmitglieder)?|mitglieder|teilnehmer(?:in|innen)?|(?:bearbeitet|abgegeben|eingereicht)\s+von"
    r"|nombres?|noms?|nomi|auteurs?|autores|imi\u0119|nazwisko)"
    r"(?:\s+(?:of\s+)?(?:(?:the\s+)?(?:students?|authors?|members?)|mitglieder))?"
    r"(?:\s*\(s\))?\s*(?:\#?\s*[0-9A-Z]{1,3})?\s*(?:\(s\))?\s*[:=|]\s*(?P<value>.*)",
    re.IGNORECASE,
)
_ID_LABEL = re.compile(
    r"(?:student\s*)?(?:id|ids|number|no\.?|nr\.?|uun|matric(?:ulation)?(?:\s*(?:no|number)\.?)?"
    r"|matrikel(?:nummer|nr\.?)?|matr\.?(?:-?nr\.?)?)\s*[:=|#]*\s*",
    re.IGNORECASE,
)
_ID = re.compile(r"(?<![\w.-])(?=[\w-]*\d{4})[A-Za-z]{0,4}[\d-]{4,12}[A-Za-z]?(?![\w.-])")
_MAIL = re.compile(r"<?[\w.+-]+@[\w.-]+>?")
_MARKUP = re.compile(r"<[^<>]{0,200}>|[*_`~]+|^[\s>#|-]+|^\s*(?:\d+[.)]|\u2022)\s+|[|\s]+$")
_ITEM = re.compile(r"\s*(?:[-*+\u2022]|\d+[.)]|\|)\s*")
_NUMBERED = re.compile(r"student(?:in)?\s+\w{1,4}", re.IGNORECASE)
_NAMED_WITH_ID = re.compile(
    r"(?P<name>[^\W\d_][^():=]{2,60}?)\s*[(\[]\s*(?P<id>[A-Za-z]{1,4}\d{4,12}[A-Za-z]?|\d{5,12})\s*[)\]]"
)
_NAME_LINE = re.compile(r"[^\W\d_a-z][\w.'-]*(?:[\s,;&]+(?:[a-z]{2,3}\s+)?[^\W\d_a-z][\w.'-]*){1,7}")
_SEPARATOR = re.compile(r"\s*(?:[,;/&|]|\s\+\s|\band\b|\bund\b|\bet\b)\s*", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?:your|ihr|dein|tu|votre|student(?=\s*(?:names?|ids?|numbers?|[_.]*)$)"
    r"|first|last|full|vor|nach|sur|family|insert|enter|write|put|fill|todo|tbd|xxx+|n/?a"
    r"|name|none|here|hier|names|lastname|firstname|nachname|vorname|name\d|id|ids|number|no|nr|uun|e-?mail"
    r"|matric\w*|matrikel\w*)\b.*|[\W\d_]*",
    re.IGNORECASE,
)
_UNFILLED = re.compile(r"(?:your|ihr|dein)\b.*|(?:full |first |last )?names?|todo|tbd|n/?a|none", re.IGNORECASE)
_PEOPLE_APART = re.compile(r"[;&\n]|\band\b|\bund\b|,(?=\s*[^\s,;]+\s+[^\s,;]+)", re.IGNORECASE)
_NBGRADER = re.compile(
    r"""^\s*(?:NAMES?|COLLABORATORS|STUDENTS?|AUTHORS?)\s*=\s*[\["'(]+(?P<value>[^\n]*)""", re.MULTILINE
)


def slug(stem: str) -> str:
    """A file's stem as lower-case ASCII letters, digits and hyphens, never empty.

    Accents are dropped. A stem with letters that have no ASCII form keeps what has one, and a short hash of the whole.
    """
    composed = unicodedata.normalize("NFC", stem)
    plain = unicodedata.normalize("NFKD", composed.casefold().translate(_LETTERS))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    ascii_part = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG_CHARACTERS].strip("-")
    lost = any(character.isalnum() and not character.isascii() for character in plain)
    if ascii_part and not lost:
        return ascii_part
    return f"{ascii_part or 'submission'}-{_short_hash(composed)}"


def authors_of_metadata(metadata: object) -> tuple[Author, ...]:
    """The authors that a notebook's metadata name, under ``authors`` or ``author``, in any of the forms in use."""
    if not isinstance(metadata, dict):
        return ()
    given = metadata.get("authors") or metadata.get("author")
    if isinstance(given, str):
        return _distinct(author for part in _PEOPLE_APART.split(given[:1000]) for author in _person(part))
    people = given if isinstance(given, list) else [given]
    return _distinct(author for person in people[:MAX_AUTHORS] for author in _from_metadata(person))


def authors_of_cells(cells: Sequence[Cell]) -> tuple[Author, ...]:
    """The authors that a cell near the top names: ``Names: A, B``, ``Student 1: A``, a list or a table of them.

    A variable of names as nbgrader has it (``NAME = "A"``) counts too; what the template left to be filled in does not.
    """
    for cell in cells[:NEAR_THE_TOP]:
        text = cell.source[:5000]
        authors = _distinct(_in_code(text) if cell.kind == "code" else _in_prose(text)) or _bare_names(cell)
        if authors:
            return authors
    return ()


def author_of_file(stem: str) -> Author:
    """The file's name as the author, where nothing else names one."""
    return Author(name=well_formed(stem)[:MAX_AUTHOR_CHARACTERS] or "unnamed")


def _from_metadata(person: object) -> Iterator[Author]:
    if isinstance(person, str):
        yield from _person(person)
    elif isinstance(person, dict):
        name = person.get("name") or " ".join(_texts(person, "given", "given_name", "family", "family_name"))
        number = next(iter(_texts(person, "student_id", "id", "uun", "matriculation")), None)
        for author in _person(name) if isinstance(name, str) else ():
            yield author if author.student_id else Author(name=author.name, student_id=number)


def _person(text: str) -> Iterator[Author]:
    """One person as metadata name them, ``Ann Lee (S123456)``: anything with a letter that is no template's text."""
    text = _bare(_MAIL.sub(" ", well_formed(text[:300])))
    found = _ID.search(text)
    name = " ".join(re.sub(r"[()\[\]{}<>\"]+", " ", _ID.sub(" ", text)).split()).strip(" .,;-")
    if any(letter.isalpha() for letter in name) and not _UNFILLED.fullmatch(name):
        yield Author(name=name[:MAX_AUTHOR_CHARACTERS], student_id=found.group() if found else None)


def _texts(person: dict[Any, Any], *keys: str) -> list[str]:
    values = (person.get(key) for key in keys)
    return [well_formed(str(value))[:40] for value in values if isinstance(value, str | int) and str(value).strip()]


def _in_code(text: str) -> Iterator[Author]:
    for found in _NBGRADER.finditer(text):
        yield from _people(re.sub(r"[\"'\[\]()]", " ", found.group("value")))
    comments = itertools.takewhile(lambda line: line.lstrip().startswith("#") or not line.strip(), text.split("\n"))
    yield from _in_prose("\n".join(line.strip().lstrip("#") for line in comments))


def _in_prose(text: str) -> Iterator[Author]:
    """Values beside a label, and the list or table rows under a label with no value."""
    below = close = False
    for raw in re.sub(r"<br\s*/?>", "\n", text, flags=re.IGNORECASE).split("\n"):
        line = _bare(raw)
        is_title = raw.lstrip().startswith(("#", "|", "**"))
        label = _LABEL.fullmatch(line) or (_LABEL.fullmatch(f"{line}:") if is_title else None)
        if label:
            people = list(_people(label.group("value")))
            yield from people
            below = close = not people and not re.sub(r"[\W_]", "", _ID_LABEL.sub("", label.group("value")))
        elif below and line:
            is_row = _ITEM.match(raw) or _ID.search(line) or (close and _NAME_LINE.fullmatch(line))
            people = list(_people(line)) if is_row and not raw.lstrip().startswith("#") else []
            yield from people
            below = bool(people)
        elif all(map(_NAMED_WITH_ID.fullmatch, _SEPARATOR.split(line))):
            yield from _people(line)
        else:
            close = close and bool(raw.strip())


def _bare_names(cell: Cell) -> tuple[Author, ...]:
    """The authors of a Markdown cell that holds two or more names and nothing else."""
    lines = [line.strip(" *_") for line in cell.source.split("\n") if line.strip()]
    if cell.kind != "markdown" or not 0 < len(lines) <= MAX_AUTHORS or any(len(line) > 200 for line in lines):
        return ()
    parts = [part for line in lines for part in _SEPARATOR.split(line)]
    if not all(_NUMBERED.fullmatch(part) or _NAME_LINE.fullmatch(part) for part in parts):
        return ()
    authors = _distinct(author for line in lines for author in _people(line))
    return authors if len(authors) == len(parts) > 1 else ()


def _bare(line: str) -> str:
    previous = None
    while previous != line:
        previous, line = line, _MARKUP.sub("", line)
    return re.sub(r"[ \t]+", " ", line).strip()


def _people(value: str) -> Iterator[Author]:
    """Splits ``Ann Lee (S123456), Bo Ek`` into people; yields none where it reads like anything but names."""
    text = _bare(_MAIL.sub(" ", well_formed(value[:1000])))
    people: list[Author] = []
    for part in _SEPARATOR.split(text):
        found = _ID.search(part)
        name = _ID.sub(" ", part)
        name = re.sub(r"[()\[\]{}<>:#=\"]+", " ", _ID_LABEL.sub(" ", f"{name} ") if found else name)
        name = " ".join(name.strip(" .-\u2013").split())
        number = found.group() if found else None
        if not name and number and people and people[-1].student_id is None:
            people[-1] = Author(name=people[-1].name, student_id=number)
        elif _is_name(name):
            people.append(Author(name=name, student_id=number))
        elif name and not _PLACEHOLDER.fullmatch(name):
            return
    yield from people


def _is_name(text: str) -> bool:
    words = text.split()
    return (
        0 < len(words) <= 6
        and any(len(word.strip(".")) > 1 for word in words)
        and len(text) <= MAX_AUTHOR_CHARACTERS
        and (bool(_NUMBERED.fullmatch(text)) or all(map(_is_of_name, text)))
        and not _PLACEHOLDER.fullmatch(text)
    )


def _is_of_name(letter: str) -> bool:
    return letter.isalpha() or letter in " .'-\u2019" or bool(unicodedata.combining(letter))


def _distinct(people: Iterator[Author]) -> tuple[Author, ...]:
    found: dict[str, Author] = {}
    for author in people:
        found.setdefault(author.name.casefold(), author)
    return tuple(found.values())[:MAX_AUTHORS]


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:8]
