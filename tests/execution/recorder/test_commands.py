from __future__ import annotations

from importlib.metadata import version

import pytest

from grader.execution.recorder.commands import answer_command, answer_script


@pytest.mark.parametrize(
    "command",
    [
        "pip install numpy",
        "pip3 install -q --upgrade numpy",
        "%pip install numpy",
        "sudo pip install numpy > /dev/null 2>&1",
        "python -m pip install numpy  # needed",
        "/usr/bin/python3.11 -m pip install --user numpy",
        "pip install -i https://example.org/simple numpy",
        "conda install -c conda-forge -y numpy",
        "uv pip install numpy",
        "PIP_QUIET=1 pip install numpy",
        "pip install \\\n    numpy",
    ],
)
def test_an_installed_package_is_there_already(command: str) -> None:
    """Every customary way to install is answered at once, with nothing to note."""
    answers, complete = answer_script(command)
    assert complete
    assert [line for answer in answers for line in answer.lines] == [
        f"Requirement already satisfied: numpy ({version('numpy')})"
    ]
    assert [answer.note for answer in answers] == [None]


def test_a_missing_package_is_said_to_be_missing() -> None:
    """Nothing is pretended: the student and the record are told."""
    (answer,), complete = answer_script("pip install numpy no-such-package")
    assert complete
    assert "no-such-package is not available here" in answer.lines[1]
    assert answer.note == "The package no-such-package is not in the environment"


@pytest.mark.parametrize(
    ("condition", "holds"), [("==0.1", False), (">=1.20", True), ("<1", False), ("=0.1", False), ("~=0.1", False)]
)
def test_another_version_is_no_satisfied_requirement(condition: str, holds: bool) -> None:
    """What is installed and what was asked for are both named."""
    (answer,), _ = answer_script(f"pip install 'numpy{condition}'")
    assert (answer.note is None) == holds
    assert version("numpy") in answer.lines[0]


@pytest.mark.parametrize(
    "command",
    [
        "jupyter nbconvert --to pdf notebook.ipynb",
        "jupyter-nbconvert --to html notebook.ipynb",
        "python -m nbconvert notebook.ipynb",
        "tensorboard --logdir logs",
        "apt-get install -y graphviz",
        "pip uninstall -y numpy",
        "pip install git+https://example.org/x.git",
        "pip install -e ./package",
        "pip install https://example.org/x.whl",
    ],
)
def test_what_needs_a_network_or_a_server_is_left_out_with_a_note(command: str) -> None:
    """A postamble costs nothing and fails nothing."""
    answers, complete = answer_script(command)
    assert complete
    assert any(answer.note for answer in answers)


@pytest.mark.parametrize(
    "command", ["ls -la", "pip list", "python train.py", "echo 'pip install x'", "jupyter --version"]
)
def test_other_commands_are_run(command: str) -> None:
    """Only what is known is answered."""
    assert answer_script(command) == ((), False)


def test_what_stands_beside_an_answer_is_still_run() -> None:
    """A script is complete only where every command of it is answered."""
    answers, complete = answer_script("pip install numpy && ls\necho x | grep y")
    assert (len(answers), complete) == (1, False)


@pytest.mark.parametrize("words", [[], ["pip"], ["pip", "install"], ["uv"], ["python", "-m"], ["conda"], ["sudo"]])
def test_half_a_command_breaks_nothing(words: list[str]) -> None:
    """Whatever is typed has an answer or is run."""
    answer_command(words)


def test_a_quote_that_is_never_closed_is_left_to_the_shell() -> None:
    """The shell says it best."""
    assert answer_script("echo 'x")[1] is False
