"""Writes docs/architecture.md and its picture from the import contracts and the packages' own docstrings.

Run it after a package was added, moved or given another purpose; a test fails where the page is not what this makes.
"""

from __future__ import annotations

import ast
import configparser
import re
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE, PICTURE = Path("docs/architecture.md"), Path("docs/architecture.svg")

_INTRODUCTION = """\
# Architecture

Execution leaves evidence, and grading is a pure function of evidence. Records stand between the steps, each on disk, so
that each step can run alone and a step that is done is not done again:

```
submission --execute--> Evidence --verify--> Measurements --evaluate(rubric)--> GradedSubmission --render--> pages
```

`tools/architecture.py` writes this page from `.importlinter`, which continuous integration enforces, and from the first
paragraphs of the packages themselves. Edit those, not this page.

![The packages, each above what it may import](architecture.svg)

## What may import what

A package imports those below it in the picture, never those above it or beside it{exceptions}. Further contracts:
"""


WHERE = (
    ("how long a cell may run", "grader/rubric/models.py", "class Limits"),
    ("how a run is held to that", "grader/execution/watch.py", "class Watch"),
    ("whether a printed accuracy is believed", "grader/checks/evaluation.py", "def _printed"),
    ("which model answers exercise 3", "grader/matching/section_models.py", "def assign_models"),
    ("what a Canvas file name means", "grader/intake/platforms/canvas.py", "PLATFORM"),
    ("what a page says when a package is missing", "grader/attribution/causes.py", "def note"),
    ("how a loss is computed outside the student's process", "grader/verification/scores.py", "def loss_of"),
    ("which trainings are repeated outside", "grader/integrity/__init__.py", "def fits_to_replay"),
    ("whether a notebook is executed again", "grader/stage_keys.py", "def execution_is_due"),
    ("what a verdict earns", "grader/verdicts.py", "def verdict_of"),
    ("how large a record of the recorder may be", "grader/execution/recorder/channel.py", "MAX_RECORD_BYTES"),
)
"""What people look for, and the file and name that decide it."""


def layers() -> list[list[str]]:
    """The packages from the top of the house down; those of one row are independent of each other."""
    lines = _house()["layers"].split("\n")
    rows = [re.sub(r"[()]", "", line).split() for line in lines if line.strip()]
    return [[name for name in row if name not in {":", "|"}] for row in rows]


def paragraph(package: str) -> str:
    """What a package says of itself: its docstring, lines joined, tables left out."""
    folder = ROOT / "grader" / package
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    prose = [part for part in text.split("\n\n") if not re.search(r"\S {3,}\S", part)]
    return " ".join(" ".join(part.split()) for part in prose)


def page() -> str:
    """The text of docs/architecture.md."""
    contracts = [one for name, one in _contracts().items() if ":contract:" in name and not name.endswith(":house")]
    excepted = [line.strip().replace(" -> ", " imports ") for line in _house().get("ignore_imports", "").split("\n")]
    exceptions = "".join(f"; {line}" for line in excepted if "imports" in line).replace("; ", ", but ", 1)
    said = []
    for one in contracts:
        allowed = one.get("ignore_imports", "").split("\n") if not one.get("allow_indirect_imports") else []
        but_for = [line.split("->")[0].strip() for line in allowed if "->" in line]
        said.append(f"- {one['name']}{', but for ' + ' and '.join(but_for) if but_for else ''}.")
    packages = [_section(name) for row in layers() for name in row if not name.startswith("__")]
    where = [f"| {what} | `{path}`, `{name.split()[-1]}` |" for what, path, name in WHERE]
    table = ["| to change | look at |", "|---|---|", *where]
    parts = [
        _INTRODUCTION.replace("{exceptions}", exceptions),
        *said,
        "",
        "## Where to look",
        "",
        *table,
        "",
        "## The packages, from the top down",
        "",
    ]
    return "\n".join([*parts, "\n\n".join(packages), ""])


def _section(name: str) -> str:
    inner = sorted(path.parent for path in (ROOT / "grader" / name).glob("*/__init__.py"))
    below = [f"- `{name}/{folder.name}`: {paragraph(f'{name}/{folder.name}')}" for folder in inner]
    return "\n\n".join([f"### {name}", paragraph(name), *(["\n".join(below)] if below else [])]).replace("``", "`")


def picture() -> str:
    """The house as SVG: a row a layer, a box a package."""
    rows = [[name for name in row if not name.startswith("__")] for row in layers()]
    rows = [row for row in rows if row]
    width, height, gap = 880, 44, 8
    total = len(rows) * (height + gap) + gap
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" role="img" font-family="sans-serif">',
        "<title>The packages of grader; each imports only those below it</title>",
        f'<rect width="{width}" height="{total}" fill="#ffffff"/>',
    ]
    for number, row in enumerate(rows):
        top = gap + number * (height + gap)
        each = (width - gap * (len(row) + 1)) / len(row)
        for place, name in enumerate(row):
            left = gap + place * (each + gap)
            parts.append(_box(name, left=left, top=top, width=each, height=height))
    return "\n".join([*parts, "</svg>", ""])


def _box(name: str, *, left: float, top: float, width: float, height: float) -> str:
    room = int((width - 24) / 6.4) - 2 * len(name)
    said = paragraph(name).split(". ")[0].rstrip(".").replace("`", "")
    said = "" if len(said) > room else said
    middle = top + height / 2 + 5
    return (
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height}" rx="4" fill="#eef2f7"'
        ' stroke="#5b6b82"/>'
        f'<text x="{left + 12:.0f}" y="{middle:.0f}" font-size="15" font-weight="600" fill="#1c2530">{name}'
        f'<tspan dx="12" font-size="12.5" font-weight="400" fill="#3a4656">{escape(said)}</tspan></text>'
    )


def _house() -> configparser.SectionProxy:
    return _contracts()["importlinter:contract:house"]


def _contracts() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(comment_prefixes=(";",))
    parser.read(ROOT / ".importlinter", encoding="utf-8")
    return parser


def main() -> None:
    """Writes both."""
    for path, text in ((PAGE, page()), (PICTURE, picture())):
        (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
