"""A section with one trained model, and what a trial of it leaves, without any kernel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from builders import dense, make_calibration, make_compile, make_evidence, make_fit, make_measurement, make_model

from grader.evaluate import evaluate
from grader.hints import Proofs, Proposal
from grader.judging.registry import find_check
from grader.records import Edit, Evidence, Measurement, Measurements, ModelRecord, Trial, TrialRun, Trials
from grader.rubric import Criterion, Rubric, Section

FORM = {
    "inputs": [784],
    "layers": [
        {"layer": "Dense", "units": 128, "activation": "relu"},
        {"layer": "Dense", "units": 10, "activation": "softmax"},
    ],
}
REFERENCE = make_calibration(ex4__test_accuracy=(0.90, 0.91, 0.92, 0.91, 0.90))


def criterion(name: str, check: str, *, hidden: bool = False, hide_band: bool = False, **params: Any) -> Criterion:
    """A criterion of ``ex4``; an architecture's form is `FORM`."""
    given = {"model": FORM, **params} if check == "architecture" else params
    return Criterion(
        id=f"ex4.{name}",
        title=name.capitalize(),
        points=2,
        check=check,
        params=find_check(check).params.model_validate(given),
        visibility="tutor" if hidden else "student",
        hide_band=hide_band,
    )


ACCURACY = {"within": {"false_rejection": 0.01, "borderline": 0.0001}}
BAD = {"loss": (2.3,) * 10, "accuracy": (0.1,) * 10, "val_loss": (2.3,) * 10, "val_accuracy": (0.1,) * 10}
"""The history of a training that learned nothing."""

ARCHITECTURE = criterion("architecture", "architecture", one_off=0.5)
COMPILED = criterion(
    "compiled", "compiled", loss=["categorical_crossentropy"], optimizer=["Adam"], metrics=["accuracy"]
)
TRAINED = criterion("trained", "trained", epochs=10, batch_size=128, validation=0.1, one_off=0.5)
ACCURATE = criterion("accuracy", "accuracy", **ACCURACY)


def rubric(*criteria: Criterion, **fields: Any) -> Rubric:
    """A rubric of one section, ``ex4``, with the reference's spread on the sample."""
    section = Section(
        id="ex4",
        title="Exercise 4: Build",
        model=FORM,
        criteria=criteria or (ARCHITECTURE, COMPILED, TRAINED, ACCURATE),
    )
    given = {"points": {"core": 0}, "calibrations": {"sample": REFERENCE}, **fields}
    return Rubric(assignment="some", title="Some", sections=(section,), **given)


def named_model(*layers: Any, **fields: Any) -> ModelRecord:
    """A model whose layers have names, and a configuration of them."""
    named = [layer.model_copy(update={"name": f"dense_{place}"}) for place, layer in enumerate(layers)]
    rows = [
        {
            "module": "keras.layers",
            "class_name": layer.class_name,
            "config": {"name": layer.name, **layer.config},
            "registered_name": None,
        }
        for layer in named
    ]
    return make_model(*named, **{"config": {"class_name": "Sequential", "config": {"layers": rows}}, **fields})


def trained(*layers: Any, **fields: Any) -> Evidence:
    """Evidence of one model, as `FORM` asks for where no layers are given; ``fields`` are the fit's."""
    model = named_model(*(layers or (dense(128, "relu"), dense(10, "softmax"))))
    return make_evidence(models=(model,), fits=(make_fit(**fields),), weights={"w1": ()})


def proofs(
    evidence: Evidence,
    by: Rubric | None = None,
    *,
    trials: Iterable[Trial] = (),
    accuracy: float = 0.91,
) -> Proofs:
    """What is proved of evidence whose model has that accuracy on the test part."""
    by = by or rubric()
    measurements = Measurements(submission="some", measured=(make_measurement(accuracy=accuracy, loss=0.3),))
    graded = evaluate(by, evidence=evidence, measurements=measurements, read=lambda _: None)  # type: ignore[arg-type,return-value]
    return Proofs(
        by,
        graded,
        evidence=evidence,
        measurements=measurements,
        read=lambda _: None,  # type: ignore[arg-type,return-value]
        trials=Trials(trials=tuple(trials)),
    )


def proposed(evidence: Evidence, by: Rubric | None = None, *, accuracy: float = 0.91) -> list[Edit]:
    """The edits of the only proposal."""
    due = proofs(evidence, by, accuracy=accuracy).due()
    return list(due[0][0].edits) if due else []


def tried(proposal: Proposal, *, accuracy: float = 0.91, runs: int = 2, **fields: Any) -> Trial:
    """A trial whose model came out as `FORM` asks for, trained as asked for; ``fields`` are the fit's."""
    return Trial(
        model="m1",
        fit="f1",
        edits=proposal.edits,
        runs=tuple(
            TrialRun(
                seed=number,
                model=named_model(dense(128, "relu"), dense(10, "softmax")),
                fit=make_fit(weights_after=f"t{number}", **fields),
                measured=(_measured(f"t{number}", accuracy=accuracy),),
            )
            for number in range(runs)
        ),
    )


def _measured(weights: str, *, accuracy: float) -> Measurement:
    return make_measurement(weights=weights, accuracy=accuracy, loss=0.3)


def compiled(**fields: Any) -> dict[str, Any]:
    """Fields of a fit of a model that was compiled so."""
    config = {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.001}}, "metrics": ["accuracy"]}
    return {"compiled": make_compile(**{"config": config, **fields})}
