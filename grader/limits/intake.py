"""Caps on what was handed in."""

from __future__ import annotations

MAX_FILE_BYTES = 64 * 2**20
"""Larger than any notebook with its pictures; a larger file is not read to its end."""

MAX_CELLS = 5_000
"""Of one notebook: an honest one has hundreds at most."""

MAX_ARCHIVE_MEMBERS = 20_000
"""Of one archive: a cohort of 1,000 with 20 files each."""

MAX_UNPACKED_BYTES = 4 * 2**30
"""Of all files of one archive together: a cohort's notebooks with their pictures, and no disk is full of it."""

MAX_COMPRESSION_RATIO = 200
"""Of a file's size to its compressed size. Notebooks of plain text reach 30, progress bars 100; a bomb has 1,000."""

MAX_ARCHIVE_LIST_BYTES = 16 * 2**20
"""Of the archive's list of members, which is read in one piece: 20,000 members of long names."""

MAX_MEMBER_NAME_CHARACTERS = 1000
"""Of a member's path in an archive: file systems take 4,096 bytes."""

HARMLESS_FILE_BYTES = 2**20
"""A file up to this size is harmless however well it compresses."""

MAX_PRINT_SECONDS = 60
"""Of reading one print of a notebook: a PDF of 60 pages takes 5."""

PRINT_MEMORY_BYTES = 2**30
"""Of reading one: as much as 64 MB of HTML take as a tree."""

MAX_PRINT_ANSWER_BYTES = 64 * 2**20
"""Of the cells of one print: as much as of a file."""

MAX_METADATA_BYTES = 16 * 2**20
"""Of a platform's list of submitters, which is read in one piece."""

MAX_METADATA_DEPTH = 60
"""Of nested lists in that file: each takes a frame of Python's stack."""

MAX_STUDENT_ID_CHARACTERS = 40
"""Of a student's id: longer ones are no university's."""

MAX_SLUG_CHARACTERS = 60
"""Of a submission's name as a folder: file systems take 255 bytes, and what tells two apart comes behind it."""

MAX_AUTHORS = 12
"""Of one submission: groups are smaller."""

MAX_AUTHOR_CHARACTERS = 80
"""Of an author's name: longer lines are sentences."""

MAX_NESTED_ARCHIVES = 3
"""An archive in an archive in the one that was given: a student's in a platform's, and one level to spare."""

MAX_ATTACHMENTS = 500
"""Files laid beside one notebook: a folder of pictures for a figure or two."""

MAX_ATTACHED_BYTES = 100 * 2**20
"""Of all files laid beside one notebook: they take room in its work folder, which has 256 MB by default."""

MAX_SHOWN_ELSEWHERE = 1_000
"""Paths outside of its work folder at which a notebook is shown files: each is a bind of the sandbox."""

MAX_FILES_BESIDE = 2_000
"""Looked at around a notebook that the user names: it may lie in a folder of downloads."""
