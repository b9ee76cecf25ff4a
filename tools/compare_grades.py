"""Compares the grades of two output folders: every mark that differs, as a table.

For a change that should move no mark: grade the same submissions with the version before and with the one after, then

    python tools/compare_grades.py BEFORE AFTER --renamed ours=infrastructure

Each folder is an output folder of ``grader grade``. Times, ids of the machine and wording are left out; ``--texts``
adds what students read. The exit code is 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_VERDICT = ("outcome", "cause", "earned", "pending", "points", "bonus", "visibility", "basis", "cells")
_TEXTS = ("required", "expected", "yours", "feedback", "next_step")
_MATCH = ("heading_cell", "cells", "model", "fits", "borrowed_from")
_SUMS = (
    "status",
    "data_choice",
    "points_earned",
    "points_pending",
    "points_possible",
    "bonus_earned",
    "bonus_pending",
    "bonus_possible",
)


def facts(grade: dict[str, Any], *, texts: bool, renamed: dict[str, str]) -> dict[str, Any]:
    """The marks of a ``grade.json``, each under a name such as ``ex4.accuracy: outcome``."""
    found = {name: grade.get(name) for name in _SUMS}
    found |= {f"execution: {name}": grade["execution"].get(name) for name in ("reason", "first_error_cell")}
    for section, match in grade["matching"].items():
        found |= {f"section {section}: {name}": match.get(name) for name in _MATCH}
    for verdict in grade["verdicts"]:
        names = (*_VERDICT, *(_TEXTS if texts else ()))
        found |= {f"{verdict['criterion']}: {name}": verdict.get(name) for name in names}
    for number, flag in enumerate(
        sorted(grade["flags"], key=lambda flag: (renamed.get(flag["rule"], flag["rule"]), flag["cells"]))
    ):
        found |= {f"flag {number}: {name}": flag.get(name) for name in ("rule", "criteria", "cells")}
    said = sorted((one["rule"], one["section"] or "", *one["cells"]) for one in grade["advice"])
    return found | {"advice": said}


def differences(
    before: Path, after: Path, *, renamed: dict[str, str], texts: bool
) -> Iterator[tuple[str, str, Any, Any]]:
    """Every fact that differs: submission, name, before, after. A submission that one side lacks is one, too."""
    ids = sorted({path.parent.name for folder in (before, after) for path in folder.glob("submissions/*/grade.json")})
    for name in ids:
        sides = [folder / "submissions" / name / "grade.json" for folder in (before, after)]
        if not all(side.is_file() for side in sides):
            yield name, "grade.json", *("there" if side.is_file() else "missing" for side in sides)
            continue
        old, new = (facts(json.loads(side.read_text(encoding="utf-8")), texts=texts, renamed=renamed) for side in sides)
        for fact in dict.fromkeys((*old, *new)):
            value = old.get(fact)
            value = renamed.get(value, value) if isinstance(value, str) else value
            if value != new.get(fact):
                yield name, fact, old.get(fact), new.get(fact)


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--renamed", action="append", default=[], metavar="OLD=NEW", help="a value that has a new name")
    parser.add_argument("--texts", action="store_true", help="compare what students read as well")
    options = parser.parse_args()
    renamed = dict(one.split("=", 1) for one in options.renamed)
    rows = list(differences(options.before, options.after, renamed=renamed, texts=options.texts))
    count = len(list(options.after.glob("submissions/*/grade.json")))
    print(f"{count} submissions, {len(rows)} differences.")
    if rows:
        print("\n| submission | what | before | after |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ")[:200] for cell in row) + " |")
    return 1 if rows else 0


if __name__ == "__main__":
    sys.exit(main())
