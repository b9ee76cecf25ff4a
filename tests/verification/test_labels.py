"""Labels come from the data set by the identity of the rows, in the form of the student's own task."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from verification import TRAIN, Array, Recorded, data_set, pictures

from grader.records import ArraySummary
from grader.verification.guest.input_transform import InputTransform
from grader.verification.labels import Labels, known_labels, recorded_array, recorded_classes
from grader.verification.row_matching import KnownRows, Recognised

LABELS = pictures()["y_train"]
EVERY = np.arange(TRAIN)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Recognised:
    known = KnownRows.of_file(data_set(tmp_path_factory.mktemp("data")).files[0])
    transform = InputTransform((28, 28), scale=np.float64(1), offset=np.float64(0))
    return Recognised(known, transform, EVERY)


def _summary(recorded: Recorded, array: Array, *, whole: bool) -> ArraySummary:
    summary = recorded.summary(array)
    return summary if whole else summary.model_copy(update={"whole": None, "head": recorded.array(array[:64])})


FORMS = {
    "bytes": LABELS,
    "column": LABELS[:, None].astype(np.int64),
    "floats": LABELS.astype(np.float32),
    "one-hot": np.eye(10)[LABELS],
    "one-hot, float32": np.eye(10, dtype=np.float32)[LABELS],
}


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "by hashes"])
@pytest.mark.parametrize("array", FORMS.values(), ids=FORMS)
def test_classes_are_read_in_every_form(tmp_path: Path, array: Array, whole: bool) -> None:
    """Of every row, also where the labels are too many to be stored."""
    recorded = Recorded(tmp_path)
    classes = recorded_classes(_summary(recorded, array, whole=whole), read=recorded.arrays.get)
    assert classes is not None
    assert classes.tolist() == LABELS.tolist()


def test_smoothed_labels_are_read_from_the_first_rows(tmp_path: Path) -> None:
    """Their hashes say nothing; the first rows are enough to compare."""
    recorded = Recorded(tmp_path)
    smoothed = np.eye(10)[LABELS] * 0.9 + 0.01
    classes = recorded_classes(_summary(recorded, smoothed, whole=False), read=recorded.arrays.get)
    assert classes is not None
    assert classes[:64].tolist() == LABELS[:64].tolist()
    assert set(classes[64:]) == {-1}


@pytest.mark.parametrize("array", [np.random.default_rng(0).random((TRAIN, 784)), np.linspace(-1, 1, TRAIN)])
@pytest.mark.parametrize("whole", [True, False])
def test_other_targets_are_no_classes(tmp_path: Path, array: Array, whole: bool) -> None:
    """Pictures as targets (an autoencoder's), or quantities."""
    recorded = Recorded(tmp_path)
    assert recorded_classes(_summary(recorded, array, whole=whole), read=recorded.arrays.get) is None


@pytest.mark.parametrize("array", FORMS.values(), ids=FORMS)
def test_honest_labels_agree(rows: Recognised, tmp_path: Path, array: Array) -> None:
    """In every form."""
    recorded = Recorded(tmp_path)
    labels = known_labels(rows, recorded.summary(array), width=10, read=recorded.arrays.get)
    assert labels is not None
    assert labels.agreement == 1.0


def test_labels_of_shuffled_ones_stay_the_data_sets(rows: Recognised, tmp_path: Path) -> None:
    """Rows are scored with the labels that they have, and the share that agrees is said."""
    recorded = Recorded(tmp_path)
    given = recorded.summary(np.roll(LABELS, 1))
    labels = known_labels(rows, given, width=10, read=recorded.arrays.get)
    assert labels is not None
    assert labels.agreement == 0.0
    targets = labels.targets(EVERY[:3], width=10)
    assert targets is not None
    assert targets.classes is not None
    assert targets.classes.tolist() == LABELS[:3].tolist()


def test_a_task_of_the_students_own_is_followed(rows: Recognised, tmp_path: Path) -> None:
    """Odd or even, with one output: the rule is applied to rows that were never seen."""
    recorded = Recorded(tmp_path)
    labels = known_labels(rows, recorded.summary(LABELS % 2), width=1, read=recorded.arrays.get)
    assert labels is not None
    targets = labels.targets(np.array([TRAIN, TRAIN + 1]), width=1)
    assert targets is not None
    assert targets.values.tolist() == [[0.0], [1.0]]


def test_a_task_on_some_classes_leaves_the_others_out(rows: Recognised, tmp_path: Path) -> None:
    """Three against seven: no other digit has a target."""
    recorded = Recorded(tmp_path)
    chosen = np.flatnonzero((LABELS == 3) | (LABELS == 7))
    part = Recognised(rows.known, rows.transform, chosen)
    given = recorded.summary((LABELS[chosen] == 7).astype(int))
    labels = known_labels(part, given, width=1, read=recorded.arrays.get)
    assert labels is not None
    assert labels.known(EVERY).sum() == len(chosen)


def test_the_digit_as_a_quantity(rows: Recognised, tmp_path: Path) -> None:
    """One output for ten digits is a regression: no class can be right."""
    recorded = Recorded(tmp_path)
    labels = known_labels(rows, recorded.summary(LABELS.astype(float)), width=1, read=recorded.arrays.get)
    assert labels is not None
    targets = labels.targets(EVERY[:4], width=1)
    assert targets is not None
    assert targets.classes is None
    assert targets.values[:, 0].tolist() == LABELS[:4].tolist()


@pytest.mark.parametrize("width", [1, 784])
def test_no_task_is_invented(rows: Recognised, tmp_path: Path, width: int) -> None:
    """Targets that do not follow from the digits have no figures."""
    recorded = Recorded(tmp_path)
    noise = recorded.summary(np.random.default_rng(0).integers(0, 2, TRAIN) if width == 1 else np.ones((TRAIN, width)))
    assert known_labels(rows, noise, width=width, read=recorded.arrays.get) is None


def test_labels_that_were_not_recorded_are_the_data_sets(rows: Recognised, tmp_path: Path) -> None:
    """A pipeline hides its labels; ten outputs for ten digits say enough, two do not."""
    read = Recorded(tmp_path).arrays.get
    assert known_labels(rows, None, width=10, read=read) is not None
    assert known_labels(rows, None, width=2, read=read) is None


def test_labels_for_another_width_do_not_fit() -> None:
    """Ten classes have no place in three outputs."""
    assert Labels(np.arange(10)).targets(np.arange(10), width=3) is None


def test_arrays_that_are_not_as_they_say_are_not_read(tmp_path: Path) -> None:
    """A forged shape, or a NaN."""
    recorded = Recorded(tmp_path)
    summary = recorded.summary(LABELS)
    assert recorded_array(summary, read=recorded.arrays.get) is not None
    assert recorded_array(summary.model_copy(update={"shape": (7,)}), read=recorded.arrays.get) is None
    assert recorded_array(recorded.summary(np.array([np.nan])), read=recorded.arrays.get) is None


@pytest.mark.parametrize("rows_said", [0, 10**15])
def test_summaries_of_absurd_sizes_have_no_classes(tmp_path: Path, rows_said: int) -> None:
    """Nothing is made room for."""
    summary = ArraySummary(shape=(rows_said,), integral=True)
    assert recorded_classes(summary, read=Recorded(tmp_path).arrays.get) is None
