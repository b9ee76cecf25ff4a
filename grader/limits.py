"""Caps that keep hostile or careless input from taking the time, memory or disk of a grading: none decides a mark.

Each stands beside what it protects, with its unit in its name and the reason for its figure. What runs in a student's
kernel has its own, in `grader.execution.recorder.limits`; what runs in the verification's sandbox, in
`grader.verification.guest.limits`.
"""

from __future__ import annotations

# A text or a cell, before anything reads it.

MAX_PRINTED_CHARACTERS = 200_000
"""What is kept of one cell's text: a tenth from its beginning, the rest from its end, where results stand. A training
of 1,000 epochs prints some 100,000."""

MAX_REDRAWN_CHARACTERS = 20 * MAX_PRINTED_CHARACTERS
"""What is read of a cell's text to follow its carriage returns and backspaces: a progress bar redraws its line some 20
times."""

MAX_PARSED_CHARACTERS = 200_000
"""Longer cells are no code that a person wrote, and are not parsed."""

MAX_HEADING_CELL_CHARACTERS = 20_000
"""How far a cell is read for headings: one of a person's stands near its top, and the Markdown parser is slow."""

MAX_HEADINGS = 400
"""Of one notebook: aligning them costs headings times sections."""

MAX_HEADING_CHARACTERS = 200
"""Of one heading: comparing letters costs their square."""

MAX_EXPRESSION_CHARACTERS = 200
"""Of a rubric's expression in x: longer ones are a mistake."""

MAX_ERROR_CHARACTERS = 160
"""Of an error's message as feedback quotes it: two lines of a page."""

MAX_CLASSES = 1000
"""Whole numbers below this are read as classes, others as quantities: a confusion matrix takes memory by their square,
and ImageNet, the largest in courses, has 1,000."""


# What a check looks at.

MAX_COMPARED_LAYERS = 400
"""Of one model: the comparison costs layers times the form's layers, and ResNet-152 has some 500, which no form
describes."""

MAX_REPEATS = 200
"""Of a layer in a rubric's form, which is written out that often."""

MAX_DIFFERENCES_TOLD = 3
"""Differences of a model that feedback names: a reader fixes a few at a time."""

MAX_ARRAY_PAIRS = 200
"""Pairs of named arrays that are looked at, the newest first: each costs a comparison of rows."""

MAX_UNSEEN_SETS = 4
"""Sets of rows that are looked at, the largest first: a validation part, a test part, and some to spare."""

MAX_FITS_JOINED = 32
"""Fits of one model that are put together as one curve, the last ones: joining tries each as a beginning."""

MAX_COMPARED_POINTS = 5000
"""Drawn points that are compared, the first of each scatter: the comparison costs points times rows."""

MAX_PREDICTIONS_JOINED = 2000
"""Predictions of one model that are looked at, the last ones: a loop over a grid of 40 by 40 points makes 1,600."""

MAX_STATES_COMPARED = 50
"""States of one form whose weights are compared with each other, the latest: their number counts by its square."""


# A page.

MAX_LOST_MESSAGES = 5
"""Kinds of notes on what was cut off that a cohort's page names, the most frequent."""

MAX_FIX_FIRST = 3
"""Steps that a page says to take first: a reader takes a few at a time."""

MAX_SHOWN_CHARACTERS = 4000
"""Of a cell's code or output on a page: some 80 lines."""

MAX_PAGE_PICTURES_BYTES = 12 * 2**20
"""Of all pictures on one page: browsers and mail programs still open it."""


# A rubric's file and what it names.

MAX_RUBRIC_BYTES = 2**20
"""A rubric of three exercises has 10 kB."""

MAX_RUBRIC_VALUES = 50_000
"""Of a rubric, aliases written out: they multiply."""

MAX_RUBRIC_DEPTH = 32
"""Of nested lists and mappings: each takes a frame of Python's stack."""

MAX_VALUE_CHARACTERS = 60
"""Of a wrong value as a message quotes it: a line of a terminal holds it."""

MAX_CLAIMS = 60
"""Models that may answer one section: an honest notebook trains some twenty, and of more the nearest are enough."""

MAX_TEMPLATE_BYTES = 20 * 2**20
"""Of the template that was handed out: larger than any worksheet with its pictures."""

MAX_COMPARED_WORDS = 2_000
"""Of a paragraph that is compared with the template word by word; a longer one is the student's."""


# What was handed in.

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


# The disk and the network.

MAX_STORED_ARRAY_BYTES = 512 * 2**20
"""An array file above this is refused; the recorder's own cap is far below."""

DOWNLOAD_TIMEOUT_SECONDS = 60
"""Without an answer of the server of data sets: a slow connection still gives one."""


# The time of a run.

START_TIMEOUT_SECONDS = 180.0
"""For a kernel to answer: it loads TensorFlow, on a machine with many runs at once."""

IOPUB_TIMEOUT_SECONDS = 10
"""After the reply to a cell, for the last of its output."""

DEATH_SECONDS = 2.0
"""A kernel whose messages break off is given this long to be found dead."""

INTERRUPT_GRACE_SECONDS = 10.0
"""After an interrupt, for a cell to end: a step of a training ends in far less."""

LARGEST_STRETCH = 3.0
"""A limit of time is counted without the time that a busy machine kept the kernel waiting, up to this many times the
limit in all: a notebook could keep itself waiting."""

GREETING_SECONDS = 60.0
"""For a kernel's sockets to answer, once it has started."""

LAST_FRAMES_SECONDS = 5.0
"""For what the recorder sent last, after the kernel has ended."""

SANDBOX_START_SECONDS = 60.0
"""What a start may take, copying the submission's files included."""

SANDBOX_END_SECONDS = 10.0
"""What the kernel of Linux may take to end a tree of processes before we go on without it."""

NEW_FOLDER_SECONDS = 60.0
"""A folder may be this young before its lock means anything: it is made first, and locked then."""

CPU_GRACE_SECONDS = 5
"""Between the signal that a program may catch and the one that it may not."""

WORKER_END_SECONDS = 10.0
"""How long a worker may take to end its sandbox."""


# What a kernel sends.

FLOOD_BYTES = 256 * 2**20
"""What a whole notebook may send; more is a flood, which ends it."""

FLOOD_MESSAGES = 200_000
"""The same in messages: a progress bar that prints each of 100,000 steps stays below."""

MAX_CONTENT_BYTES = 64 * 2**20
"""Of one message: content beyond this is not parsed; a note stands for it."""

MAX_OUTPUT_CHARACTERS = 8 * 2**20
"""Of one output, a picture's base64 included; of a longer text the beginning and the end are kept."""

MAX_TRACEBACK_CHARACTERS = 20_000
"""Of one traceback: the beginning and the end are kept, where the error is named."""

MAX_TAIL_BYTES = 2000
"""Of what the kernel's process itself writes, its end: it says why it died."""


# What the recorder sends.

MAX_EVIDENCE_BYTES = 2 * 2**30
"""Of all frames together: the recorder's own caps on arrays and records add up to less."""

MAX_RECORDS = 100_000
"""Of one run: some 500 a cell in a notebook of 200 cells."""

MAX_RECORDS_BYTES = 256 * 2**20
"""Of them together, as JSON: the recorder's own cap."""

MAX_BROKEN_FRAMES = 1000
"""After so many nothing that follows is worth reading: somebody else writes to the pipe."""

MAX_JSON_DEPTH = 60
"""Of nested JSON. A model in a model in a model has some 30."""

MAX_JSON_TEXT_CHARACTERS = 100_000
"""Of one text in a record: the code of a long cell fits."""

MAX_WHOLE_NUMBER = 2**53
"""Larger ones are not exact in every reader of JSON."""

MAX_KIND_CHARACTERS = 40
"""Of the name of a record's kind: longer ones are none of the recorder's."""

MAX_ARRAY_HEADER_CHARACTERS = 2000
"""Of an array's header: one of plain numbers has 118."""

MAX_EVENTS = 20_000
"""Of one kind: more than any notebook's, fewer than would choke a page."""

MAX_NOTES_PER_CELL = 20
"""Of the recorder, on what it left out of one cell."""

MAX_NOTE_CHARACTERS = 500
"""Of such a note: a sentence or two."""

MAX_TRUNCATED = 60
"""Such notes on a whole run."""


# What a sandbox holds.

SHARED_MEMORY_BYTES = 64 * 2**20
"""Of /dev/shm: what worker processes exchange."""

TEMPORARY_BYTES = 128 * 2**20
"""Of /tmp: an unpacked data set of a course fits."""

HOME_BYTES = 64 * 2**20
"""Of the home folder beside the work folder, whose size is `Limits.disk_bytes`: caches and settings."""

MAX_OPEN_FILES = 1024
"""Of one process: what Linux gives by default."""

SPARE_TASKS = 16
"""Above `Limits.processes`, which each process's own limit meets first, with an error that a program can handle."""


# The verification.

VERIFIER_MEMORY_BYTES = 3 * 2**30
"""For TensorFlow, one model, and the largest batch with what its layers make of it."""

MAX_ANSWER_BYTES = 2**30
"""Of all predictions of one start: 60 states of ten outputs on 70,000 rows take 170 MB."""

MAX_REASON_CHARACTERS = 400
"""Of why a model could not be measured, as the record keeps it: a few lines of a page."""

STATE_CPU_SECONDS = 120
"""For one model on all its probes. The ten-layer network of a worksheet needs 3 s on the full MNIST."""

VERIFIER_START_SECONDS = 180.0
"""Of wall time, for TensorFlow's start on a machine with many runs at once."""

STATE_SECONDS = 180.0
"""Of wall time, for each model: its processor time, waiting for a busy machine."""

MAX_VERIFICATION_SECONDS = 900.0
"""Of wall time, for all models of a submission together."""

MAX_VERIFIER_STARTS = 4
"""A model that takes the verifier down with it is left out, and the rest is started again, so often in all."""

REPLAY_SLOWDOWN = 4.0
"""A replay may take so many times as long as the fit did, on a busier machine."""

MAX_REPLAY_SECONDS = 3600.0
"""Of wall time, for all replays of a submission together."""

MAX_STATES = 60
"""Of models, of one submission; a search over settings leaves more, and none of those answers an exercise."""

MAX_CALLS_SHOWN = 20
"""Calls of one model that are looked at for what its input is made of."""

MAX_UNKNOWN_ARRAYS = 60
"""Arrays that may turn out to be no rows of a data set before the rest is taken for such too: a search costs 1 s."""

MAX_INITIAL_STATES = 20
"""Initial weights of one submission that are made again: a search over settings has more, and none of those answers an
exercise."""

MAX_LABEL_ROWS = 10_000_000
"""A summary that speaks of more is none of a notebook that fits into memory."""

MAX_MUTANTS_TOGETHER = 30
"""Mutants that share a run: a crash of one costs the others' run."""
