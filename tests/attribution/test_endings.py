import ast

import pytest
from builders import Notebook, make_calibration

from grader.attribution import attribute
from grader.attribution.endings import endless_loop, ends_kernel
from grader.records import CellError, Execution


def kind(source="model.fit()", *, fits=(), status="timeout", seconds=60.0, reason="cell_timeout", detail="", **given):
    """The cause of a cell that was stopped, after the trainings in it."""
    book = Notebook()
    book.code(source, status=status, seconds=seconds)
    model = book.model() if fits else None
    for fields in fits:
        book.fit(model, **{"status": "interrupted", "epochs": 3, "epochs_requested": 10, **fields})
    run = Execution(reason=reason, cell=0, detail=detail)
    return attribute(book.evidence(execution=run), **{"longest_training": 20, **given}).causes[0].kind


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"status": "died", "reason": "notebook_timeout"},
        {"fits": [{"epochs_requested": 400}]},
        {"longest_training": None},
        {"fits": [{"kind": "loop", "status": "completed", "epochs_requested": None}]},
        {"fits": [{"status": "completed"}, {}]},
    ],
)
def test_a_training_that_was_cut_off_is_the_limits(fields):
    """A fit, a loop of the student's own, or one of several fits, that advanced."""
    assert kind(**{"fits": [{}], **fields}) == "training_cut_off"


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    pass",
        "while 1:\n    model.fit()",
        "for i in itertools.count():\n    model.fit()",
        "i = 0\nwhile i < 5:\n    print(i)",
        "waiting = True\nwhile waiting:\n    try:\n        time.sleep(1)\n    except:\n        pass",
        "def f():\n    while not False:\n        for i in x:\n            break\nf()",
    ],
)
def test_a_loop_without_a_way_out_is_the_students(source):
    """Also where it trains, and where a function of the cell holds it."""
    assert kind(source, fits=[{}]) == "endless"


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    if x:\n        break",
        "while queue:\n    queue.pop()",
        "while i < 5:\n    i += 1",
        "while x < 5:\n    step(x)",
        "while os.path.exists('a'):\n    pass",
        "while False:\n    pass",
        "def gen():\n    while True:\n        yield 1\nmodel.fit(gen())",
        "def f():\n    while True:\n        return",
        "while True:\n    raise ValueError",
        "for i in itertools.repeat(0, 3):\n    pass",
    ],
)
def test_a_loop_with_a_way_out_may_be_honest_work(source):
    """A person sees both readings."""
    assert endless_loop(ast.parse(source)) is None
    assert kind(source) == "stopped"


def test_a_training_of_more_than_twenty_times_the_epochs_asked_for_is_endless():
    """Up to that it was cut off."""
    assert kind(fits=[{"epochs_requested": 401}]) == "endless"
    assert kind(fits=[{"epochs_requested": 400}]) == "training_cut_off"


def test_a_cell_that_took_twenty_times_the_references_time_is_endless():
    """Where no training ran, and where that time is known."""
    assert kind("work()", seconds=200.0, reference_seconds=10.0) == "endless"
    assert kind("work()", seconds=199.9, reference_seconds=10.0) == "stopped"
    assert kind("work()", seconds=200.0) == "stopped"
    assert kind(seconds=200.0, reference_seconds=10.0, fits=[{}]) == "training_cut_off"


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        ((8.0, 10.0), "Cell 1 ran for 200 s and trained nothing, where the reference's whole notebook takes 10 s."),
        ((), "Cell 1 ran into its time limit: it may be a loop without end, or work that takes longer."),
        (
            None,
            "Cell 1 ran into its time limit: it may be a loop without end, or work that takes longer.",
        ),
    ],
)
def test_the_words_say_what_a_time_was_compared_with(runs, text):
    """The longest run of the calibration; without one, or one that noted no times, nothing is compared."""
    book = Notebook()
    book.code("work()", status="timeout", seconds=200.0)
    book.fields["execution"] = Execution(reason="cell_timeout", cell=0)
    calibration = None if runs is None else make_calibration().model_copy(update={"seconds": runs})
    found = book.view("ex1", calibration=calibration).attribution
    assert (found.causes[0].sentence(0), found.causes[0].is_infrastructure) == (text, not runs)


@pytest.mark.parametrize("reason", ["memory", "cpu", "processes", "disk", "kernel_died"])
def test_other_limits_and_a_dead_kernel_have_two_readings(reason):
    """A person decides."""
    assert kind("work()", status="died", reason=reason) == "stopped"


def test_printing_without_end_is_the_students():
    """No notebook needs that."""
    assert kind("work()", status="died", reason="output") == "endless"


@pytest.mark.parametrize(
    "source",
    [
        "exit()",
        "quit()",
        "import sys; sys.exit(1)",
        "os._exit(0)",
        "os.kill(os.getpid(), 9)",
        "os.abort()",
        "get_ipython().kernel.do_shutdown(True)",
        "def stop():\n    quit()\nstop()",
    ],
)
def test_code_that_ends_its_kernel_is_known(source):
    """Directly, through a function of the cell, and by a restart."""
    assert ends_kernel(ast.parse(source))
    assert kind(source, status="died", reason="kernel_died") == "ends_kernel"


def test_a_kernel_that_the_driver_saw_asked_to_end_needs_no_known_name():
    """However it was asked."""
    said = "Cell 1 ends the kernel."
    assert kind("getattr(b, 'ex' + 'it')()", status="died", reason="kernel_died", detail=said) == "ends_kernel"


def test_every_way_to_end_the_kernel_has_the_same_words():
    """Also ``SystemExit``, which the kernel itself survives."""
    book = Notebook()
    book.code("raise SystemExit", error=CellError(name="SystemExit", value=""))
    book.code("exit()", status="died")
    book.code("x", status="not_run")
    found = attribute(book.evidence(execution=Execution(reason="kernel_died", cell=1)))
    assert [found.causes[0].clause(0), found.causes[1].clause(1)] == [
        "cell 1 ends the kernel",
        "cell 2 ends the kernel",
    ]
    assert (found.own_errors, found.ended_by, found.causes[2].cell) == ((0, 1), 1, 1)


def test_what_was_not_reached_follows_from_what_ended_the_run():
    """But for cells that a mistake before would have kept from running."""
    book = Notebook()
    book.code("x = 1 / 0", error=CellError(name="ZeroDivisionError", value="division by zero"))
    book.code("m = fit()", status="died")
    book.code("print(m)", status="not_run")
    book.code("print(x)", status="not_run")
    found = attribute(book.evidence(execution=Execution(reason="internal", cell=1)))
    assert sorted(found.reached) == [1, 2]
    assert found.causes[3].kind == "mistake"
