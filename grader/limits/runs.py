"""Caps on the time that a run, its start and its end may take."""

from __future__ import annotations

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

WORKER_MEMORY_BYTES = 300 * 10**6
"""What a worker takes itself, beside the notebook that it runs: its process with a submission's records has 150 to 250
MB."""

BATCH_MEMORY_BYTES = 10**9
"""What a batch takes beside its workers: the process that kernels are forked from has 600 MB, the batch 150 MB."""
