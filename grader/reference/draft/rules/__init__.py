"""The rules by which a draft is made: one a check, in the order in which a section lists its criteria.

A rule sees one section of the reference's run (`View`) and yields what that suggests. A check without a rule is not
drafted: a tutor adds its criterion by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from grader.reference.draft.proposals import Rule
from grader.reference.draft.rules import data, models, notebook, performance, regions, shown, text

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "notebook_runs": notebook.notebook_runs,
        "reproducible": notebook.reproducible,
        "array_shapes": data.array_shapes,
        "curves": data.curves,
        "prepared_data": data.prepared_data,
        "held_out": data.held_out,
        "scaled_features": data.scaled_features,
        "image_figure": data.image_figure,
        "architecture": models.architecture,
        "dropout_rate": models.dropout_rate,
        "compiled": models.compiled,
        "trained": models.trained,
        "augmented": models.augmented,
        "accuracy": performance.accuracy,
        "score": performance.score,
        "error": performance.error,
        "gap": performance.gap,
        "evaluated": shown.evaluated,
        "loss_curves": shown.loss_curves,
        "confusion_matrix": shown.confusion_matrix,
        "prediction_figure": shown.prediction_figure,
        "learning_rates": shown.learning_rates,
        "region_predictions": regions.region_predictions,
        "region_figure": regions.region_figure,
        "discussion": text.discussion,
    }
)
"""Check to its rule."""
