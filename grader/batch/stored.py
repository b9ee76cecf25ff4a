"""What is kept of a class: listed with its sizes, pruned of what nothing refers to, and forgotten where asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.batch.plan import one_of
from grader.errors import UsageError
from grader.intake import Attempts, counting, places_of
from grader.records import GradedSubmission, People
from grader.report import write_cohort
from grader.report.sources import NO_SOURCES, ClassSources
from grader.store import OutputFolder, SubmissionFolder, files_below, held


@dataclass(frozen=True)
class Kept:
    """What is stored of one submission.

    Attributes:
        file_name: Empty where nothing is known of whose it is.
        total_bytes: Of all its files.
        own_bytes: Of those that no other submission shares.
        unused_bytes: Of the arrays that neither its evidence nor its measurements refer to.
        is_present: Whether what was given last still held it.
    """

    id: str
    file_name: str = ""
    students: tuple[str, ...] = ()
    total_bytes: int = 0
    own_bytes: int = 0
    unused_bytes: int = 0
    is_present: bool = True


@dataclass(frozen=True)
class Freed:
    """What pruning removed: how many files, of how many bytes."""

    files: int = 0
    size_bytes: int = 0


def list_kept(output: OutputFolder) -> list[Kept]:
    """What is stored of each submission, in the order in which they were first handed in.

    Raises:
        UsageError: The folder is no output of this grader.
    """
    _check(output)
    people = output.read_people()
    stored = output.stored()
    ids = [name for name in people.submissions if name in set(stored)]
    return [
        _kept(name, people, output) for name in (*ids, *(name for name in stored if name not in people.submissions))
    ]


def _kept(name: str, people: People, output: OutputFolder) -> Kept:
    folder, found = output.submission(name), people.submissions.get(name)
    status = [path.stat() for path in files_below(folder.folder)]
    used = folder.refs_of_evidence() | folder.refs_of_measurements()
    arrays = folder.arrays
    return Kept(
        id=name,
        file_name="" if found is None else found.file_name,
        students=people.names(name),
        total_bytes=sum(one.st_size for one in status),
        own_bytes=sum(one.st_size for one in status if one.st_nlink == 1),
        unused_bytes=sum(arrays.sizes(arrays.names() - used).values()),
        is_present=found is None or found.is_present,
    )


def prune(output: OutputFolder) -> Freed:
    """Removes what no submission refers to: arrays, files taken out of archives, and parts of files.

    Equal arrays of several submissions become one file, where the file system can do that.

    Raises:
        UsageError: The folder is no output of this grader.
        HeldError: Another process is at work in it.
    """
    with _held(output):
        before = _usage(output.folder)
        output.remove_parts()
        for name in output.stored():
            folder = output.submission(name)
            for one in (folder, *(folder.rerun(seed) for seed in folder.seeds_of_reruns())):
                one.prune()
        _share_arrays(output)
        _prune_unpacked(output)
        after = _usage(output.folder)
    return Freed(before.files - after.files, before.size_bytes - after.size_bytes)


def forget(output: OutputFolder, names: Sequence[str], *, gone: bool = False) -> list[str]:
    """Removes submissions with all that is stored of them, and writes the class's pages without them.

    What people decided on them stays in the tutor's file.

    Args:
        output: The class's.
        names: Ids, or the beginning of one id each.
        gone: Also those that what was given last no longer held.

    Returns:
        The ids.

    Raises:
        UsageError: A name is no submission's, or the folder is no output of this grader.
        HeldError: Another process is at work in it.
    """
    with _held(output):
        people = output.read_people()
        ids = list(dict.fromkeys((*people.submissions, *output.stored())))
        chosen = dict.fromkeys(one_of(name, ids, option="forget") for name in names)
        if gone:
            chosen |= dict.fromkeys(name for name, one in people.submissions.items() if not one.is_present)
        # People first: a submission that is in no list is only a folder too many, where the reverse is a row too many.
        kept = {name: one for name, one in people.submissions.items() if name not in chosen}
        used = {key for one in kept.values() for key in one.students} | set(people.without_submission)
        students = {key: student for key, student in people.students.items() if key in used}
        people = people.model_copy(update={"submissions": kept, "students": students})
        output.write_people(people)
        for name in chosen:
            output.submission(name).remove()
        _prune_unpacked(output)
        graded = (output.submission(name).read_grade() for name in kept)
        write_class([one for one in graded if one is not None], people, output=output, attempts=people.attempts)
    return list(chosen)


def write_class(
    graded: Iterable[GradedSubmission],
    people: People,
    *,
    output: OutputFolder,
    attempts: Attempts,
    sources: ClassSources = NO_SOURCES,
) -> None:
    """Writes the pages of everybody, in the order in which they were first handed in, and which attempt counts."""
    numbers = {name: number for number, name in enumerate(people.submissions)}
    ordered = sorted(graded, key=lambda one: numbers[one.submission.id])
    earned = {one.submission.id: None if one.status == "not_run" else one.points_earned for one in ordered}
    people = counting(people, earned, attempts)
    output.write_people(people)
    write_cohort(ordered, output=output, people=people, rubric=sources.rubric, events=sources.events)


@contextmanager
def _held(output: OutputFolder) -> Iterator[None]:
    _check(output)
    with held(output.folder):
        yield


def _check(output: OutputFolder) -> None:
    if not output.people_json.is_file() and not output.stored():
        raise UsageError(
            f"{output.folder}: this is no output folder of grader.",
            expected="A folder that grader grade has written.",
            fix="Check the path.",
        )


def _share_arrays(output: OutputFolder) -> None:
    """Has equal arrays be one file; files are replaced and never changed, so that nobody sees a difference."""
    first: dict[tuple[str, int], SubmissionFolder] = {}
    for name in output.stored():
        folder = output.submission(name)
        for ref, size in folder.arrays.sizes(folder.arrays.names()).items():
            source = first.setdefault((ref, size), folder)
            if source is not folder:
                folder.arrays.share(ref, source.arrays)


def _prune_unpacked(output: OutputFolder) -> None:
    """Removes what was taken out of archives that no submission comes from any more."""
    hand_ins = output.read_people().submissions.values()
    used = {place for one in hand_ins for place in places_of(one, unpack_to=output.unpacked)}
    for folder in output.unpacked.glob("*"):
        for path in folder.glob("*"):
            if path not in used:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()


def _usage(folder: Path) -> Freed:
    """The files below a folder, each once, and their bytes."""
    found = {(one.st_dev, one.st_ino): one.st_size for one in (path.stat() for path in files_below(folder))}
    return Freed(len(found), sum(found.values()))
