"""Caps on what a check looks at."""

from __future__ import annotations

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

MAX_CLAIMS = 60
"""Models that may answer one section: an honest notebook trains some twenty, and of more the nearest are enough."""

MAX_EPOCHS_COMPARED = 500
"""Of a curve that an answer is held against, pair by pair of epochs; a longer one is not: all pairs are its square."""

MAX_QUOTED_CHARACTERS = 300
"""Of a sentence of an answer that a question quotes."""

MAX_SENTENCE_CHARACTERS = 600
"""Of a sentence of an answer that is read for what it states: some hundred words."""

MAX_COMPARED_WORDS = 2_000
"""Of a paragraph that is compared with the template word by word; a longer one is the student's."""
