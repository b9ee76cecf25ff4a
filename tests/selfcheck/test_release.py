"""What a release holds, and what is not in it in any form."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from builders import make_ranges

from grader.calibration import Calibration, calibration_text
from grader.errors import UsageError
from grader.rubric import load_rubric
from grader.selfcheck.release import release
from grader.selfcheck.released import open_release

SECRETS = (
    "secret-criterion",
    "0.98765",
    "0.876543",
    "hidden_reference_code",
    "a comment for tutors",
    "0.123456789",
    "0.4711",
)
RUBRIC = """\
# a comment for tutors
assignment: some
title: Some
reference: reference.ipynb
calibration: {sample: calibration.json}
points: {core: 6}
sections:
  - id: ex1
    title: "Exercise 1: A network"
    model: {inputs: [784], layers: [{layer: Dense, units: 10, activation: softmax}]}
    criteria:
      - {id: ex1.architecture, points: 1, check: architecture}
      - {id: ex1.accuracy, points: 2, check: accuracy, params: {within: {false_rejection: 0.01}}}
      - {id: ex1.best, points: 1, check: accuracy, params: {min: 0.4711}, hide_band: true}
      - {id: ex1.secret-criterion, points: 2, check: accuracy, params: {min: 0.98765}, visibility: tutor}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release of a rubric with secrets."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "rubric.yaml").write_text(RUBRIC)
    (folder / "reference.ipynb").write_text('{"cells": [{"source": "hidden_reference_code"}]}')
    figures = {"ex1.test_accuracy": (0.9, 0.91, 0.92), "ex1.train_accuracy": (0.123456789, 0.2, 0.3)}
    calibration = Calibration(
        assignment="some",
        reference_sha256="a" * 64,
        data="sample",
        fingerprints={"mnist": "b" * 64},
        packages={},
        seeds=(0, 1, 2),
        figures=figures,
        curves={"ex1": (make_ranges(low=(0.876543,), high=(0.9,)),)},
    )
    (folder / "calibration.json").write_text(calibration_text(calibration))
    release(load_rubric(folder / "rubric.yaml"), folder / "some.zip")
    return folder / "some.zip"


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may be written; what is too short to tell from chance is left out."""
    yield from (form for form in _forms(secret) if len(form) >= 6)


def _forms(secret: str) -> Iterator[bytes]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le"):
        raw = secret.encode(encoding)
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        yield from (base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3))
    yield secret[::-1].encode()


def contents(raw: bytes) -> Iterator[bytes]:
    """Bytes, and what is packed in them, to any depth."""
    yield raw
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            yield archive.comment
            for member in archive.infolist():
                yield from (member.filename.encode(), member.comment, member.extra)
                yield from contents(archive.read(member))
    for start in range(min(len(raw), 64)):
        try:
            yield zlib.decompressobj(wbits=47).decompress(raw[start:], 10**7)
        except zlib.error:
            continue


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_it_in_any_form(made: Path, secret: str):
    """Plain, in other encodings, in base64 and hexadecimal, backwards, and in packed members."""
    found = list(contents(made.read_bytes()))
    assert not [form for form in forms(secret) if any(form in content for content in found)]


def test_the_search_would_find_one(tmp_path: Path):
    """A title that is not hidden is found."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", base64.b64encode(b"..a comment for tutors.."))
    found = list(contents((tmp_path / "a.zip").read_bytes()))
    assert any(form in content for form in forms("a comment for tutors") for content in found)


def test_a_released_rubric_is_one(made: Path):
    """With the points of what is left, the band's figure alone, and the data to try it on."""
    with open_release(made) as opened:
        rubric = opened.rubric
        assert [one.id for one in rubric.criteria] == ["ex1.architecture", "ex1.accuracy", "ex1.best"]
        assert rubric.criteria[2].check == "not_released"
        assert (rubric.points.core, list(rubric.calibrations["sample"].figures)) == (4, ["ex1.test_accuracy"])
        assert (opened.data / "mnist.npz").is_file()


@pytest.mark.parametrize("week", ["week09", "week10", "week11"])
def test_what_is_asked_for_stays_the_same(week: str, tmp_path: Path):
    """Every parameter of every criterion that is not hidden."""
    rubric = load_rubric(Path("rubrics") / f"{week}.yaml")
    release(rubric, tmp_path / "some.zip")
    with open_release(tmp_path / "some.zip") as opened:
        assert opened.rubric.sections == rubric.sections
        assert (opened.rubric.limits, opened.rubric.template_texts) == (rubric.limits, rubric.template_texts)


def test_the_same_rubric_gives_the_same_archive(made: Path):
    """Byte for byte, so that a new one says that something changed."""
    again = made.with_name("again.zip")
    release(load_rubric(made.with_name("rubric.yaml")), again)
    with zipfile.ZipFile(made) as one, zipfile.ZipFile(again) as other:
        assert yaml.safe_load(one.read("rubric.yaml")) == yaml.safe_load(other.read("rubric.yaml"))
        assert one.namelist() == other.namelist()


def test_the_readme_has_ten_lines(made: Path):
    """No more is read."""
    with zipfile.ZipFile(made) as archive:
        assert len(archive.read("README.md").decode().splitlines()) == 10


@pytest.mark.parametrize("name", ["../evil", "/evil", "a\\..\\..\\evil"])
def test_an_archive_that_writes_elsewhere_is_refused(name: str, tmp_path: Path):
    """Nothing is unpacked outside."""
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(UsageError, match="no release"), open_release(tmp_path / "bad.zip"):
        pass


def test_another_file_is_no_release(tmp_path: Path):
    """Nor is a folder without a rubric."""
    (tmp_path / "a.zip").write_bytes(b"no archive")
    for path in (tmp_path / "a.zip", tmp_path):
        with pytest.raises(UsageError, match="no release"), open_release(path):
            pass
