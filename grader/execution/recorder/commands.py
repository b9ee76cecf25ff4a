"""Answers shell commands that notebooks usually start and end with, such as installers, without running them."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import PurePath

_OPERATORS = frozenset("&|;()<>")
_INSTALLERS = frozenset({"pip", "pip3", "conda", "mamba", "micromamba"})
_SYSTEM_INSTALLERS = frozenset({"apt", "apt-get", "brew", "dnf", "yum", "choco"})
_CHANGES = frozenset({"install", "uninstall", "download", "update", "upgrade", "remove", "add", "create", "env"})
_EXPORTERS = frozenset({"nbconvert", "notebook", "lab", "server"})
_VALUED_OPTIONS = frozenset(
    {"-r", "--requirement", "-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f", "--find-links"}
    | {"-t", "--target", "--prefix", "--root", "--timeout", "--retries", "--trusted-host", "--progress-bar", "--proxy"}
    | {"--channel", "-n", "--name", "-p", "--python", "--src"}
)
_TOOLS = frozenset({"pip", "setuptools", "wheel", "ipykernel", "jupyter", "notebook", "jupyterlab", "nbconvert"})
_ALIASES = {
    "tensorflow": ("tensorflow-cpu",),
    "tensorflow-gpu": ("tensorflow", "tensorflow-cpu"),
    "tensorflow-cpu": ("tensorflow",),
    "tf": ("tensorflow", "tensorflow-cpu"),
    "sklearn": ("scikit-learn",),
}
_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[^\]]*\])?\s*(.*)")

SILENCERS = " ".join(f"{name}() {{ :; }};" for name in sorted(_INSTALLERS | {"apt", "brew", "jupyter", "tensorboard"}))
"""Shell functions that replace the answered commands in a script whose other commands are run."""


@dataclass(frozen=True)
class Answer:
    """What is printed instead of running a command.

    Attributes:
        lines: For the student.
        note: For the cell's record; None where the student got what the command would have done.
    """

    lines: tuple[str, ...]
    note: str | None = None


def answer_script(script: str) -> tuple[tuple[Answer, ...], bool]:
    """Answers the commands of a shell text that need no shell.

    Returns:
        The answers, and whether nothing else is left to be run.
    """
    answers: list[Answer] = []
    complete = True
    for line in script.replace("\\\n", " ").splitlines():
        for words in _commands(line):
            answer = answer_command(words)
            if answer is None:
                complete = False
            else:
                answers.append(answer)
    return tuple(answers), complete


def answer_command(words: Iterable[str]) -> Answer | None:
    """The answer to one command, given as words; None where it has to be run."""
    rest = _without_prefix(list(words))
    if not rest:
        return Answer(())
    program = PurePath(rest[0]).name.lower()
    if re.fullmatch(r"(python|py)[0-9.]*(\.exe)?", program) and rest[1:2] == ["-m"]:
        rest = rest[2:]
        program = rest[0].lower() if rest else ""
    if program == "uv":
        rest = rest[1:]
        program = rest[0].lower() if rest[:1] == ["pip"] else "pip"
        rest = rest if rest[:1] == ["pip"] else ["pip", *rest]
    program = re.sub(r"^pip[0-9.]+$", "pip", program)
    if program in _INSTALLERS and len(rest) > 1 and rest[1] in _CHANGES:
        return _installation(rest[1], rest[2:])
    if program in _SYSTEM_INSTALLERS:
        return _left_out(f"{program} is left out: a notebook is run in a fixed environment, without a network.")
    if program == "jupyter-nbconvert" or (program in {"jupyter", "nbconvert"} and _is_export(program, rest)):
        return _left_out("The export of the notebook (nbconvert) is left out here: it is not needed for grading.")
    if program == "tensorboard":
        return _left_out("TensorBoard is not started here: it is not needed for grading.")
    return None


def _is_export(program: str, rest: list[str]) -> bool:
    return program == "nbconvert" or (len(rest) > 1 and rest[1] in _EXPORTERS)


def _left_out(text: str) -> Answer:
    return Answer((text,), note=text)


def _commands(line: str) -> list[list[str]]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    redirected = False
    try:
        for word in lexer:
            if redirected:
                redirected = False
            elif not set(word) <= _OPERATORS:
                found[-1].append(word)
            elif "<" in word or ">" in word:
                redirected = True
                if found[-1] and found[-1][-1].isdigit():
                    found[-1].pop()
            else:
                found.append([])
    except ValueError:
        return [["sh", "-c", line]]
    return [words for words in found if words]


def _without_prefix(words: list[str]) -> list[str]:
    while words and (words[0] in {"sudo", "time", "!", "%"} or re.fullmatch(r"[A-Za-z_]\w*=.*", words[0])):
        words = words[1:]
    if words:
        words[0] = words[0].lstrip("!%")
    return words


def _installation(action: str, arguments: list[str]) -> Answer:
    if action in {"uninstall", "remove"}:
        return _left_out("Nothing is uninstalled: a notebook is run in a fixed environment.")
    answers = [_requirement(text) for text in _requirements(arguments)]
    notes = [answer.note for answer in answers if answer.note]
    lines = tuple(line for answer in answers for line in answer.lines)
    return Answer(
        lines or ("Nothing is installed: a notebook is run in a fixed environment.",), "; ".join(notes) or None
    )


def _requirements(arguments: list[str]) -> list[str]:
    wanted: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument.startswith("-"):
            skip = argument in _VALUED_OPTIONS
        else:
            wanted.append(argument)
    return wanted


def _requirement(text: str) -> Answer:
    match = _REQUIREMENT.fullmatch(text)
    if match is None or "/" in text or text.endswith((".whl", ".zip", ".gz", ".txt")):
        return _left_out(f"{text} is not installed: there is no network here.")
    name, condition = match.groups()
    version = _installed(name)
    if version is None and name.lower() in _TOOLS:
        return Answer(())
    if version is None:
        return Answer(
            (f"{name} is not available here: a notebook is run in a fixed environment, without a network.",),
            note=f"The package {name} is not in the environment",
        )
    if condition and not _holds(version, condition):
        text = f"{name} {version} is what is installed here; {name}{condition} was asked for"
        return Answer((f"{text}.",), note=text)
    return Answer((f"Requirement already satisfied: {text} ({version})",))


def _installed(name: str) -> str | None:
    for candidate in (name, *_ALIASES.get(name.lower(), ())):
        try:
            return metadata.version(candidate)
        except (metadata.PackageNotFoundError, ValueError):
            continue
    module = name.replace("-", "_")
    return "part of Python" if module in sys.stdlib_module_names else None


def _holds(version: str, condition: str) -> bool:
    # Loaded here: most notebooks ask for no version.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415

    condition = condition.split(";", maxsplit=1)[0].strip()
    if re.match(r"=[^=]", condition):  # conda's way to say ==
        condition = f"={condition}.*" if condition.count("=") == 1 else condition
    try:
        return not condition or SpecifierSet(condition).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True
