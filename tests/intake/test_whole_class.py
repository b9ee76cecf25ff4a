"""A class of 60 through every platform: each notebook is its student's, whether unpacked or not."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from whole_class import DEADLINE, EXPORTS, Export, Row, write_archive, write_folder, write_tar

from grader.intake import Class, collect_submissions, counting, people_of
from grader.records import People

ABOUT = Class(deadline=datetime.fromisoformat(DEADLINE))
FORMS = {"zip": write_archive, "tar.gz": write_tar, "folder": write_folder}


def table(path: Path, scratch: Path) -> tuple[list[Row], list[str], People]:
    """What is found, in the form of the expected rows, with the ids."""
    found = collect_submissions([path], unpack_to=scratch)
    earned = {one.id: None if one.origin is not None and one.origin.problem else 1.0 for one in found}
    people = counting(people_of(found, People(), roots=[path], about=ABOUT), earned, "last")
    rows = []
    for one in found:
        hand_in = people.submissions[one.id]
        rows.append(
            Row(
                who=hand_in.owner,
                file_name=one.file_name,
                group=hand_in.group or "",
                attempt=hand_in.attempt,
                late=hand_in.late,
                counts=hand_in.counts,
                beside=tuple(sorted(attachment.name for attachment in one.attachments)),
            )
        )
    return rows, [one.id for one in found], people


def order(row: Row) -> tuple[object, ...]:
    return row.who, row.file_name, row.attempt or 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", EXPORTS)
def test_everybody_is_found(name: str, form: str, tmp_path: Path) -> None:
    """Student, group, attempt, lateness, what counts and what lies beside: 0 wrong."""
    export = EXPORTS[name]
    path = FORMS[form](export, tmp_path / f"export.{form}")
    rows, ids, _ = table(path, tmp_path / "out")
    assert sorted(rows, key=order) == sorted(export.rows, key=order)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", EXPORTS)
def test_ids_are_the_same_unpacked(name: str, tmp_path: Path) -> None:
    """And in a tar archive, and in a second run."""
    ids = []
    for form, write in FORMS.items():
        path = write(EXPORTS[name], tmp_path / f"export.{form}")
        ids += [sorted(table(path, tmp_path / "out")[1]) for _ in range(2)]
    assert all(one == ids[0] for one in ids)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_id_stays_when_another_file_arrives(name: str, tmp_path: Path) -> None:
    """Each export without its last file first: every id of it is among those of the whole."""
    export = EXPORTS[name]
    kept = dict(list(export.files.items())[:-1])
    before = set(table(write_archive(Export(kept), tmp_path / "a.zip"), tmp_path / "out")[1]) if kept else set()
    after = set(table(write_archive(export, tmp_path / "b.zip"), tmp_path / "out")[1])
    assert {one for one in before - after if name not in {"moodle", "canvas_anonymous"}} == set()


def test_the_class_is_one_of_sixty() -> None:
    """Students and groups together."""
    assert len({key for export in EXPORTS.values() for row in export.rows for key in row.who}) >= 60
