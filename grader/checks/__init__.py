"""The checks, one family a module. Importing this package registers every one of them."""

from grader.checks import (
    architecture,
    confusion,
    data,
    evaluation,
    images,
    loss_curves,
    notebook,
    performance,
    predictions,
    region_figure,
    text,
    training,
)

__all__ = [
    "architecture",
    "confusion",
    "data",
    "evaluation",
    "images",
    "loss_curves",
    "notebook",
    "performance",
    "predictions",
    "region_figure",
    "text",
    "training",
]
