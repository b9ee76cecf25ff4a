"""Caps on the verification."""

from __future__ import annotations

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

MAX_TRIAL_ROUNDS = 5
"""Edits of one model that are tried after one another: what its lost criteria ask for, then other learning rates."""

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
