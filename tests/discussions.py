"""Discussions as students write them, each with whether the run that it is about contradicts it.

Written by hand: terse and long, hedged, compared, listed, in other orders. `OVERFITS` and
`HEALTHY` are what the runs did.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Run = Literal["overfits", "healthy"]

OVERFITS = {
    "loss": tuple(0.9 * 0.78**epoch + 0.005 for epoch in range(20)),
    "val_loss": (
        *(0.62, 0.45, 0.37, 0.31, 0.27, 0.25, 0.26, 0.28, 0.29, 0.31, 0.33, 0.34),
        *(0.37, 0.38, 0.41, 0.42, 0.45, 0.47, 0.49, 0.52),
    ),
    "accuracy": tuple(1 - 0.3 * 0.78**epoch for epoch in range(20)),
    "val_accuracy": (
        *(0.81, 0.86, 0.89, 0.905, 0.92, 0.925, 0.926, 0.924, 0.927, 0.925),
        *(0.926, 0.924, 0.925, 0.927, 0.926, 0.925, 0.926, 0.927, 0.926, 0.926),
    ),
}
"""Twenty epochs; the validation loss is lowest in epoch 6 and rises from there on."""

HEALTHY = {
    "loss": (1.10, 0.48, 0.36, 0.30, 0.26, 0.23, 0.205, 0.185, 0.17, 0.155),
    "val_loss": (0.60, 0.43, 0.36, 0.33, 0.30, 0.28, 0.265, 0.25, 0.24, 0.23),
    "accuracy": (0.68, 0.87, 0.90, 0.915, 0.925, 0.935, 0.94, 0.947, 0.952, 0.957),
    "val_accuracy": (0.84, 0.88, 0.90, 0.905, 0.912, 0.92, 0.924, 0.929, 0.932, 0.935),
}
"""Ten epochs; both losses fall to the end."""

RUNS = {"overfits": OVERFITS, "healthy": HEALTHY}
TEST = {"overfits": (0.48, 0.931), "healthy": (0.221, 0.938)}
"""Loss and accuracy on the test set."""


class Discussion(NamedTuple):
    """An answer, the run that it is about, and whether that contradicts it."""

    run: Run
    contradicts: bool
    text: str


DISCUSSIONS = (
    # What the run contradicts.
    Discussion(
        "overfits",
        True,
        "It seems that such models are prone to overfitting. What's more it seems that the training loss stopped"
        " decreasing but rather started to increase after 10 epochs.",
    ),
    Discussion("overfits", True, "The validation loss keeps decreasing until the end, so training on helps."),
    Discussion("overfits", True, "Training loss goes up from epoch 8 on while training accuracy improves."),
    Discussion("overfits", True, "test acc: 0.72"),
    Discussion(
        "overfits",
        True,
        "The model was trained for 20 epochs. We obtained a test accuracy of nearly 99.8%, which is great for MNIST.",
    ),
    Discussion("overfits", True, "- val_loss is lowest in epoch 15\n- I would stop there"),
    Discussion("healthy", True, "After 5 epochs, the validation loss starts to rise, which is overfitting."),
    Discussion("healthy", True, "The model starts to overfit after epoch 4."),
    Discussion("healthy", True, "The training accuracy drops from the 3rd epoch on."),
    Discussion("healthy", True, "~0.80 validation accuracy was reached at the end of the training."),
    Discussion("healthy", True, "Both the training and the validation loss increase steadily."),
    Discussion("healthy", True, "We see that the training loss (blue) ends at 1.05."),
    # What it does not contradict, or what cannot be read without doubt.
    Discussion("overfits", False, "Overfitting: val loss goes up after epoch 6, training loss goes down."),
    Discussion(
        "overfits", False, "The validation loss rises after about 5 epochs whereas the training loss keeps falling."
    ),
    Discussion("overfits", False, "Test accuracy is around 93%, i.e. 7 out of 100 digits are wrong."),
    Discussion("overfits", False, "0.93 on the test set. Fine."),
    Discussion(
        "overfits", False, "If we trained longer, the training loss would increase after 30 epochs at some point."
    ),
    Discussion("overfits", False, "The validation loss does not increase before epoch 5."),
    Discussion("overfits", False, "Compared to exercise 4 the validation loss keeps decreasing much longer there."),
    Discussion("overfits", False, "In the first model, the validation loss decreases throughout."),
    Discussion("overfits", False, "Does the training loss increase after 10 epochs? No, it goes down to almost zero."),
    Discussion("overfits", False, 'My partner claimed "the training loss increases after 10 epochs", which I doubt.'),
    Discussion("overfits", False, "Overfitting is when the training loss decreases and the validation loss increases."),
    Discussion("overfits", False, "The gap between training and validation loss increases after epoch 6."),
    Discussion(
        "overfits", False, "Der Validierungsverlust steigt nach Epoche 6, der Trainingsverlust f\u00e4llt weiter."
    ),
    Discussion("overfits", False, "The lowest validation loss (0.25) is reached in epoch 6; I'd stop there."),
    Discussion(
        "overfits",
        False,
        "Validation accuracy plateaus at about 0.925 after epoch 6 although the training accuracy rises.",
    ),
    Discussion(
        "overfits", False, "The loss jumps around epoch 12 and the training loss fluctuates a bit, but it is fine."
    ),
    Discussion(
        "overfits",
        False,
        "Deep networks suffer from vanishing gradients: the weights of the first layers hardly change, training takes"
        " longer, and there are more hyperparameters. Batch normalisation, residual connections or fewer layers would"
        " help. Early stopping with patience=3 would stop after epoch 9 and restore the weights of epoch 6.",
    ),
    Discussion(
        "overfits", False, "A target of 0.99 test accuracy is out of reach, and a test accuracy above 0.95 too."
    ),
    Discussion("overfits", False, "training loss | validation loss\n--- | ---\n0.99 | 0.2"),
    Discussion("overfits", False, "The final training accuracy is 0.997 and the final validation accuracy 0.926."),
    Discussion("healthy", False, "Both losses fall until the end, there is no overfitting yet."),
    Discussion(
        "healthy", False, "Training loss fell from 1.1 to 0.155 in 10 epochs, validation loss from 0.60 to 0.23."
    ),
    Discussion("healthy", False, "The training loss decreases quickly in the first 3 epochs and slowly after that."),
    Discussion("healthy", False, "After 10 epochs the validation loss is 0.23 and the test loss 0.22."),
    Discussion("healthy", False, "It may overfit after epoch 5 if we continue. Test accuracy = 0.938."),
    Discussion("healthy", False, "The validation accuracy flattens after epoch 7, I think."),
    Discussion("healthy", False, "With dropout the training loss goes up and the test accuracy falls to 0.7."),
    Discussion(
        "healthy", False, "The validation loss is below the training loss in epoch 1 because dropout is off there."
    ),
)
