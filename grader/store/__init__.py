"""What is kept on disk: the output folder's layout, records, arrays, and the keys that say what a result is of."""

from grader.store.arrays import ArrayStore
from grader.store.code import PACKAGE, code_digest, own_digest
from grader.store.files import atomic_file, copy_atomically, digest_of, files_below, unwritable, write_atomically
from grader.store.layout import STAGES, Key, OutputFolder, Stage, SubmissionFolder, arrays_of
from grader.store.lock import held

__all__ = [
    "PACKAGE",
    "STAGES",
    "ArrayStore",
    "Key",
    "OutputFolder",
    "Stage",
    "SubmissionFolder",
    "arrays_of",
    "atomic_file",
    "code_digest",
    "copy_atomically",
    "digest_of",
    "files_below",
    "held",
    "own_digest",
    "unwritable",
    "write_atomically",
]
