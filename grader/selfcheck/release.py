"""Makes what students are given of a rubric: what it asks for, without what is hidden, and the data to try it on.

What is released is made anew from the rubric as it was understood, never copied: comments, reference, hidden criteria
and the runs behind the bands are not in it in any form.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from grader.calibration import Calibration
from grader.datasets import SAMPLE
from grader.judging.bands import Within
from grader.judging.parameters import SectionId, parts_of
from grader.judging.registry import find_check
from grader.rubric import Criterion, DataKind, Rubric, Section
from grader.store import write_atomically

NOT_RELEASED = "not_released"
"""The check that stands in a released rubric for one whose band is kept back."""

RUBRIC_NAME = "rubric.yaml"
DATA_FOLDER = "data"

_NEVER = (
    "path",
    "sha256",
    "calibrations",
    "template_texts",
    "reference",
    "calibration",
    "template",
    "sections",
    "points",
)
_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHECK = '''"""Checks a notebook by this release: python check.py NOTEBOOK [--static | --quick]"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

try:
    import grader  # noqa: F401
except ImportError:
    sys.exit("The package 'grader' is not installed. Install the wheel that you were given: pip install grader-*.whl")

if len(sys.argv) < 2:
    sys.exit(__doc__)
command = [sys.executable, "-m", "grader", "check", "--release", str(HERE), *sys.argv[1:]]
sys.exit(subprocess.call(command))
'''
_README = """\
# {title}

Check your notebook before you hand it in. Nothing leaves your machine.

1. `pip install grader-*.whl`, in the Python in which you run your notebooks (it needs TensorFlow with Keras 3).
2. `grader check NOTEBOOK --release {name} --static` reads your code and runs nothing: about a second.
3. `grader check NOTEBOOK --release {name} --quick` runs it on a small sample with few epochs: about half a minute.
4. `grader check NOTEBOOK --release {name}` runs all of it on the sample, in your own Python, without protection.

Or unpack this archive and run `python check.py NOTEBOOK --static`. "Unknown" means what it says: that step cannot tell.
"""


def release(rubric: Rubric, output: Path) -> tuple[str, ...]:
    """Writes the archive for students.

    Args:
        rubric: The tutor's, with the reference's spread.
        output: The ``.zip`` file, replaced where it is there.

    Returns:
        What is kept back, each a line for the tutor.
    """
    shown = released(rubric)
    files: dict[str, bytes] = {
        RUBRIC_NAME: rubric_text(shown).encode(),
        "README.md": _README.format(title=rubric.title, name=output.name).encode(),
        "check.py": _CHECK.encode(),
        f"{DATA_FOLDER}/{SAMPLE.name}": SAMPLE.read_bytes(),
    }
    for kind, calibration in shown.calibrations.items():
        files[_calibration_name(kind)] = calibration.model_dump_json(indent=1).encode()
    for name, path in rubric.laid_files.items():
        files[f"files/{name}"] = path.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=_EPOCH), content, compress_type=zipfile.ZIP_DEFLATED)
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(output, buffer.getvalue())
    return tuple(_kept_back(rubric))


def released(rubric: Rubric) -> Rubric:
    """The rubric as students may see it."""
    hidden = {criterion.id for criterion in rubric.criteria if criterion.visibility == "tutor"}
    sections = tuple(_section(section, hidden) for section in rubric.sections)
    kept = {section.id for section in sections if section.criteria}
    asked = {section.model_of for section in sections} | {
        str(name) for section in sections for one in section.criteria for name in _named(one)
    }
    sections = tuple(section for section in sections if section.id in kept or section.id in asked)
    update: dict[str, Any] = {"sections": sections, "reference": None}
    core = sum(section.points for section in sections if not section.bonus)
    extra = sum(section.points for section in sections if section.bonus)
    update["points"] = rubric.points.model_copy(update={"core": core, "extra": extra})
    wanted = figures_read(sections)
    update["calibrations"] = {kind: _calibration(one, wanted) for kind, one in rubric.calibrations.items() if wanted}
    return rubric.model_copy(update=update)


def figures_read(sections: Iterable[Section]) -> frozenset[str]:
    """The figures of the reference's spread that the criteria of these sections are held against."""
    found: set[str] = set()
    for section in sections:
        for criterion in section.criteria:
            reads = criterion.spec.figures
            if reads is not None:
                found |= set(reads(section.id, criterion.params))
            found |= {band.figure for band in parts_of(criterion.params, Within) if band.figure is not None}
    return frozenset(found)


def rubric_text(rubric: Rubric) -> str:
    """A rubric as YAML, made from what was understood of it."""
    head = rubric.model_dump(mode="json", exclude_defaults=True, exclude=set(_NEVER))
    plain: dict[str, Any] = {**head, "points": rubric.points.model_dump(mode="json")}
    if rubric.calibrations:
        plain["calibration"] = {kind: _calibration_name(kind) for kind in rubric.calibrations}
    if rubric.template_texts:
        plain["template"] = sorted(rubric.template_texts)
    if rubric.files:
        plain["files"] = sorted({f"files/{name.split('/')[0]}" for name in rubric.laid_files})
    plain["sections"] = [_plain_section(section) for section in rubric.sections]
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110))


def _named(criterion: Criterion) -> list[str]:
    return [str(name) for name in parts_of(criterion.params, SectionId)]


def _section(section: Section, hidden: set[str]) -> Section:
    criteria = tuple(_criterion(one, hidden) for one in section.criteria if one.id not in hidden)
    return section.model_copy(update={"criteria": criteria})


def _criterion(criterion: Criterion, hidden: set[str]) -> Criterion:
    requires = tuple(name for name in criterion.requires if name not in hidden)
    if not criterion.hide_band:
        return criterion.model_copy(update={"requires": requires})
    spec = find_check(NOT_RELEASED)
    return Criterion(
        id=criterion.id,
        title=criterion.title,
        points=criterion.points,
        check=spec.name,
        params=spec.params(),
        requires=requires,
    )


def _calibration(calibration: Calibration, wanted: frozenset[str]) -> Calibration:
    """The figures that bands are made of, and nothing else of the reference's runs."""
    figures = {name: tuple(sorted(values)) for name, values in calibration.figures.items() if name in wanted}
    return Calibration(
        assignment=calibration.assignment,
        reference_sha256="0" * 64,
        data=calibration.data,
        fingerprints=calibration.fingerprints,
        packages={},
        seeds=(),
        figures=figures,
    )


def _plain_section(section: Section) -> dict[str, Any]:
    plain = section.model_dump(mode="json", exclude_defaults=True, exclude={"criteria"})
    plain["criteria"] = [_plain_criterion(one, section) for one in section.criteria]
    return plain


def _plain_criterion(criterion: Criterion, section: Section) -> dict[str, Any]:
    plain = criterion.model_dump(mode="json", exclude_defaults=True, exclude={"params"})
    params = criterion.params.model_dump(mode="json", exclude_defaults=True)
    own = None if section.model is None else section.model.model_dump(mode="json", exclude_defaults=True)
    params = {name: value for name, value in params.items() if own is None or value != own}
    return {**plain, **({"params": params} if params else {})}


def _calibration_name(kind: DataKind) -> str:
    return f"calibration-{kind}.json"


def _kept_back(rubric: Rubric) -> Iterable[str]:
    for criterion in rubric.criteria:
        if criterion.visibility == "tutor":
            yield f"criterion {criterion.id} (visibility: tutor)"
        elif criterion.hide_band:
            yield f"the band of criterion {criterion.id} (hide_band: true)"
    if rubric.reference is not None:
        yield "the reference solution, its runs but for the figures that bands are made of, and comments in the rubric"
