from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from grader import datasets
from grader.errors import MachineError, UsageError
from grader.stand_ins import at_full_size


@pytest.fixture(autouse=True)
def empty_home(tmp_path, monkeypatch):
    """No cache of this machine plays a part."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CACHE_HOME", "KERAS_HOME"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def arrays(train: int = 6, test: int = 3, row: tuple[int, ...] = (28, 28)) -> datasets.Arrays:
    return {
        "x_train": np.zeros((train, *row), "uint8"),
        "y_train": np.arange(train, dtype="uint8"),
        "x_test": np.ones((test, *row), "uint8"),
        "y_test": np.arange(test, dtype="uint8"),
    }


def write(path: Path, content: datasets.Arrays) -> Path:
    np.savez(path, **content)
    return path


def test_the_sample_is_4000_and_1000_stratified_digits():
    """The embedded sample has 400 training and 100 test images of each digit, as uint8."""
    found = datasets.resolve("sample")
    content = datasets.load(found.files[0])
    assert (found.choice, found.files[0].name, found.files[0].sample) == ("sample", "mnist", True)
    assert content["x_train"].shape == (4000, 28, 28)
    assert content["x_test"].shape == (1000, 28, 28)
    assert np.bincount(content["y_train"]).tolist() == [400] * 10
    assert np.bincount(content["y_test"]).tolist() == [100] * 10
    assert {array.dtype for array in content.values()} == {np.dtype("uint8")}


def test_the_sample_is_shuffled():
    """Every tenth of the sample's training part holds every digit."""
    labels = datasets.load(datasets.SAMPLE)["y_train"]
    assert all(len(set(part.tolist())) == 10 for part in np.split(labels, 10))


def test_with_no_choice_and_nothing_at_hand_it_is_the_sample():
    """None means the sample where no full data set is cached."""
    assert datasets.resolve(None).choice == "sample"


@pytest.mark.parametrize("choice", [None, "full"])
@pytest.mark.parametrize("folder", [".cache/grader/datasets", ".keras/datasets"])
def test_a_cached_full_set_is_used(empty_home, monkeypatch, *, choice, folder):
    """A full MNIST of our cache or of Keras's is taken, known by what it holds."""
    (empty_home / folder).mkdir(parents=True)
    path = write(empty_home / folder / "mnist.npz", arrays())
    monkeypatch.setattr(datasets, "MNIST_FINGERPRINT", datasets.fingerprint(datasets.load(path)))
    found = datasets.resolve(choice)
    assert (found.choice, found.files[0].path) == ("full", path.resolve())


def test_another_file_in_the_cache_is_no_full_set(empty_home):
    """A cached mnist.npz with other contents is not taken for the full MNIST."""
    folder = empty_home / ".keras/datasets"
    folder.mkdir(parents=True)
    write(folder / "mnist.npz", arrays())
    assert datasets.resolve(None).choice == "sample"


def test_a_download_is_checked_and_kept(tmp_path, empty_home, monkeypatch):
    """What is downloaded has the published hash, and stays in our cache."""
    source = write(tmp_path / "mnist.npz", arrays())
    monkeypatch.setattr(datasets, "MNIST_ADDRESS", source.as_uri())
    monkeypatch.setattr(datasets, "MNIST_SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    found = datasets.resolve("full")
    assert found.files[0].path == (empty_home / ".cache/grader/datasets/mnist.npz").resolve()
    assert datasets.resolve(None).choice == "full"


@pytest.mark.parametrize("source", ["other bytes", "missing"])
def test_a_failed_download_leaves_nothing(tmp_path, empty_home, monkeypatch, *, source):
    """A download that fails or has another hash is told with the way out, and leaves no file."""
    path = tmp_path / "mnist.npz"
    if source == "other bytes":
        write(path, arrays())
    monkeypatch.setattr(datasets, "MNIST_ADDRESS", path.as_uri())
    with pytest.raises(MachineError, match="--data sample"):
        datasets.resolve("full")
    assert list((empty_home / ".cache/grader/datasets").iterdir()) == []


def test_every_data_set_of_a_folder_is_found(tmp_path):
    """A folder serves each file with Keras's arrays; other archives in it are left alone."""
    write(tmp_path / "mnist.npz", arrays())
    write(tmp_path / "cifar10.npz", arrays(row=(32, 32, 3)))
    write(tmp_path / "own_set.npz", arrays(row=(5,)))
    np.savez(tmp_path / "solutions.npz", a=np.zeros(3))
    (tmp_path / "notes.txt").write_text("x")
    found = datasets.resolve(str(tmp_path))
    assert found.choice == "folder"
    assert [(file.name, file.sample) for file in found.files] == [
        ("cifar10", True), ("mnist", True), ("own_set", False)
    ]  # fmt: skip
    assert set(found.binds("/data")) == {"/data/cifar10.npz", "/data/mnist.npz", "/data/own_set.npz"}


def test_one_file_is_a_choice(tmp_path):
    """A path to one file serves that file."""
    found = datasets.resolve(str(write(tmp_path / "fashion_mnist.npz", arrays(60_000, 10_000, (28, 28)))))
    assert found.get("fashion_mnist").use(loaded=True).model_dump(include={"sample", "train_rows", "loaded"}) == {
        "sample": False, "train_rows": 60_000, "loaded": True
    }  # fmt: skip
    assert found.get("mnist") is None


def test_the_fingerprint_is_of_the_contents(tmp_path):
    """Equal arrays have equal fingerprints however they are compressed; another dtype has another."""
    content = arrays()
    plain = datasets.fingerprint(datasets.load(write(tmp_path / "a.npz", content)))
    np.savez_compressed(tmp_path / "b.npz", **content)
    assert datasets.fingerprint(datasets.load(tmp_path / "b.npz")) == plain
    assert datasets.fingerprint(content | {"y_test": content["y_test"].astype("int64")}) != plain


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y_train": np.zeros(5, "uint8")}, "x_train has 6 rows but y_train 5"),
        ({"x_test": np.zeros((3, 5), "uint8")}, "one of x_test"),
        ({"x_train": np.array([{}] * 6)}, "plain arrays"),
        ({"x_train": np.array(["a"] * 6)}, "not numbers"),
        ({"x_train": np.zeros((6, 784)), "x_test": np.zeros((3, 784))}, "Keras's mnist has"),
        ({"x_train": np.zeros((0, 28, 28)), "y_train": np.zeros(0)}, "no rows"),
    ],
)
def test_a_broken_data_set_is_refused(tmp_path, change, said):
    """Arrays that are no data set are refused with what is wrong and what to do."""
    write(tmp_path / "mnist.npz", arrays() | change)
    with pytest.raises(UsageError, match=said) as raised:
        datasets.resolve(str(tmp_path))
    assert raised.value.expected
    assert raised.value.fix


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", pickle.dumps({"x_train": 1}), b"\x93NUMPY"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    """A file of other bytes under a data set's name is refused, and no pickle is read."""
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(UsageError, match=r"mnist\.npz"):
        datasets.resolve(str(tmp_path))


def test_missing_arrays_are_named(tmp_path):
    """The arrays that lack are named, and those that are there."""
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3), train_labels=np.zeros(3))
    with pytest.raises(UsageError, match="no y_train, x_test, y_test, but x_train, train_labels"):
        datasets.resolve(str(tmp_path))


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_a_data_set_is_refused(tmp_path, name):
    """An empty or missing folder is bad usage."""
    with pytest.raises(UsageError, match="--data sample"):
        datasets.resolve(str(tmp_path / name))


def write_texts(folder: Path, name: str = "imdb", **changes) -> Path:
    texts = np.empty(5, dtype=object)
    texts[:] = [[1, 2], [3], [4, 5, 6], [7], [8, 9]]
    labels = np.arange(5) % 2
    parts = {"x_train": texts, "y_train": labels, "x_test": texts[:2], "y_test": labels[:2]}
    parts = {"x": texts, "y": labels} if name == "reuters" else parts
    return write(folder / f"{name}.npz", {**parts, **changes})


@pytest.mark.parametrize(("name", "rows"), [("imdb", (5, 2)), ("reuters", (4, 1))])
def test_texts_in_keras_own_form_are_a_data_set(tmp_path, name, rows):
    """Their number is read, and nothing of them unpickled."""
    (file,) = datasets.resolve(str(write_texts(tmp_path, name).parent)).files
    assert (file.name, file.train_rows, file.test_rows) == (name, *rows)
    assert (file.are_texts, file.sample) == (True, True)


def test_other_texts_have_another_fingerprint(tmp_path):
    """Compressed or not, the same ones have the same."""
    one = datasets.resolve(str(write_texts(tmp_path))).files[0].fingerprint
    with np.load(tmp_path / "imdb.npz", allow_pickle=True) as stored:
        np.savez_compressed(tmp_path / "imdb.npz", **stored)
    assert datasets.resolve(str(tmp_path / "imdb.npz")).files[0].fingerprint == one
    other = write_texts(tmp_path, y_test=np.ones(2, dtype=int))
    assert datasets.resolve(str(other)).files[0].fingerprint != one


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"y_test": np.arange(3)}, "x_test has 2 texts, and y_test 3 labels"), ({"x_train": np.zeros(0)}, "has 0 texts")],
)
def test_texts_without_their_labels_are_refused(tmp_path, changes, problem):
    """With what is wrong."""
    with pytest.raises(UsageError, match=problem):
        datasets.resolve(str(write_texts(tmp_path, **changes)))


def test_texts_of_another_form_are_refused(tmp_path):
    """Reuters is one part, which the loader splits."""
    path = write(tmp_path / "reuters.npz", arrays())
    with pytest.raises(UsageError, match=r"it has no x.npy, y.npy"):
        datasets.resolve(str(path))


def test_texts_have_no_stand_in(tmp_path):
    """A run on more rows is none of theirs."""
    chosen = datasets.resolve(str(write_texts(tmp_path)))
    assert at_full_size(chosen, folder=tmp_path).files == chosen.files
