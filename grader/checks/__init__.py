"""The checks, one family a module. Importing this package registers every one of them."""

from grader.checks import (
    architecture,
    augmentation,
    confusion,
    data,
    evaluation,
    features,
    images,
    learning_rates,
    loss_curves,
    notebook,
    performance,
    prediction_figure,
    predictions,
    region_figure,
    text,
    training,
)

__all__ = [
    "architecture",
    "augmentation",
    "confusion",
    "data",
    "evaluation",
    "features",
    "images",
    "learning_rates",
    "loss_curves",
    "notebook",
    "performance",
    "prediction_figure",
    "predictions",
    "region_figure",
    "text",
    "training",
]
