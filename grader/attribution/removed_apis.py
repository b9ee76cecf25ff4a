"""Whether a cell failed on a name that today's libraries no longer have, and what to write instead.

Half of the errors of notebooks found in public are of this kind. The table (``removed_table``) says that a name is
gone; ``removed_advice`` says what to write, and ``removed_messages`` knows messages that need no table. A name that
never existed is a slip of the student's: nothing is said.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.attribution import removed_advice as advice
from grader.attribution import removed_messages as messages
from grader.attribution import removed_table as table
from grader.attribution.removed_table import Removed
from grader.cell_code import parse
from grader.records import CellError

_TITLES = {
    "keras": "Keras", "tensorflow": "TensorFlow", "numpy": "NumPy", "scipy": "SciPy", "sklearn": "scikit-learn",
    "matplotlib": "Matplotlib",
}  # fmt: skip
_SHORT = {"numpy": "np", "tensorflow": "tf", "pandas": "pd"}

_NUMPY_2 = re.compile(r"`(np\.\w+)` was removed in the NumPy 2\.0 release\. (?:Use (`[^`]+`))?")
_PRIVATE_KERAS = re.compile(r"tensorflow[./]python[./]keras\b")
_NAME_FORMS = (
    re.compile(r"[Nn]o module named '(?P<owner>[\w.]+)\.(?P<name>\w+)'"),
    re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<owner>[\w.]+)'"),
    re.compile(r"^[Mm]odule '(?P<owner>[\w.]+)' has no attribute '(?P<name>\w+)'"),
)
_BARE = re.compile(r"No module named '(\w+)'|name '(\w+)' is not defined")
_MEMBER = re.compile(r"^(?:'(?:\w+\.)*(\w+)' object|type object '(\w+)') has no attribute '(\w+)'")
_CALL = re.compile(r"(?:([\w.]+)\(\) )?[gG]ot an unexpected keyword argument '(\w+)'")
_LAYER = re.compile(r"Unrecognized keyword arguments passed to (\w+): \{(.*)\}", re.DOTALL)
_NOT_RECOGNIZED = re.compile(r"Argument(\(s\)|s) not recognized: \{(.*)\}", re.DOTALL)
_MISSING = re.compile(r"(\w+)\.__init__\(\) missing \d+ required positional arguments?: (.*)")
_OLD_NAMES = {"units": ("output_dim",), "rate": ("p",), "filters": ("nb_filter",), "kernel_size": ("nb_row", "nb_col")}
_OPTIMIZERS = ("SGD.__init__", "Adam.__init__", "RMSprop.__init__", "Adagrad.__init__")
_MODEL_METHODS = ("Sequential.evaluate", "Sequential.fit", "Sequential.predict", "Model.evaluate")
_KEYS = re.compile(r"'(\w+)'")


def removed_api(error: CellError, source: str) -> str | None:
    """What a cell used that its library dropped, and what to write instead; None for any other error.

    Args:
        error: What was raised.
        source: The cell.
    """
    return next(_findings(error, source), None)


def _findings(error: CellError, source: str) -> Iterator[str]:
    message = error.value
    yield from (text for pattern, text in messages.SENTENCES if re.search(pattern, message, re.DOTALL))
    if _PRIVATE_KERAS.search(f"{message}\n{error.traceback}"):
        yield messages.PRIVATE_KERAS
    if found := _NUMPY_2.search(message):
        yield f"`{found.group(1)}` is gone from NumPy 2: write {found.group(2) or 'its new name'}."
    match error.name:
        case "AttributeError" | "ImportError" | "ModuleNotFoundError" | "NameError":
            yield from _names(message, source)
            yield from _members(message, source)
            yield from _arguments(message, source)
        case "TypeError" | "ValueError":
            yield from _arguments(message, source)
        case "KeyError":
            yield from _history_keys(message, source)


def _names(message: str, source: str) -> Iterator[str]:
    for found in filter(None, (form.search(message) for form in _NAME_FORMS)):
        owner, name = table.imported_as(found.group("owner")), found.group("name")
        path = f"{owner}.{name}"
        removed = table.removed_name(owner, name)
        if removed is None and path in advice.UNLISTED:
            yield f"`{_shown(path)}` is gone: {_instead(advice.NAMES.get(path) or advice.KERAS[name])}."
        elif removed is not None:
            is_keras = "keras" in owner.split(".")
            places = _imports_today(path, source)
            if is_keras and not places and name in advice.KERAS:
                places = advice.KERAS[name]
            yield _sentence(removed, path=path, instead=places or advice.NAMES.get(path, ""))
    if bare := _BARE.search(message):
        yield from _python(bare.group(1) or bare.group(2))


def _python(name: str) -> Iterator[str]:
    if name in advice.PYTHON_2:
        yield f"`{name}` is Python 2; Python 3 has it under another name or not at all."
    elif name in advice.PYTHON_3:
        yield f"`{name}` is gone from Python {advice.PYTHON_3[name]}."


def _imports_today(module: str, source: str) -> str:
    """The imports of the cell from a module that is gone, as they are written today; empty where they are not known."""
    tree = parse(source)
    places: dict[str, list[str]] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(f"{module}."):
            for alias in node.names:
                place = table.moved_from(node.module or "", alias.name)
                if place is None:
                    return ""
                places.setdefault(place, []).append(alias.name)
    return " and ".join(f"`from {place} import {', '.join(names)}`" for place, names in places.items())


def _members(message: str, source: str) -> Iterator[str]:
    found = _MEMBER.search(message)
    if found is None:
        return
    owner, name = found.group(1) or found.group(2), found.group(3)
    instead = advice.MEMBERS.get(name, "")
    removed = table.removed_member(owner, name)
    if removed is not None:
        # A column of a data frame is read like a method: only a call tells that the old method was meant.
        if instead or removed.package != "pandas" or re.search(rf"\.{name}\s*\(", source):
            yield _sentence(removed, path=f".{name}", instead=instead)
    elif (owner, name) in advice.UNLISTED_MEMBERS or _is_keras_whatever_the_class(owner, name):
        yield f"`.{name}` is gone: {_instead(instead)}."


def _is_keras_whatever_the_class(owner: str, name: str) -> bool:
    is_class = owner.lstrip("_")[:1].isupper()
    return name in advice.UNMISTAKABLE and is_class and not table.is_estimator(owner)


def _arguments(message: str, source: str) -> Iterator[str]:
    for function, name in _refused(message, source):
        if _defines(source, function.split(".")[0]):
            continue
        removed = table.removed_argument(function, name)
        if removed is not None:
            instead = advice.ARGUMENTS.get(removed.package, {}).get(name, "")
            yield _sentence(removed, path=f"{name}=", instead=instead)
        elif package := advice.UNLISTED_ARGUMENTS.get((function, name)):
            yield f"The argument `{name}=` is gone: {_instead(advice.ARGUMENTS[package][name])}."
    if found := _MISSING.search(message):
        for new in _KEYS.findall(found.group(2)):
            for old in _OLD_NAMES.get(new, ()):
                if re.search(rf"\b{old}\s*=", source) and table.removed_argument(f"{found.group(1)}.__init__", old):
                    yield f"The argument `{old}=` is gone: write `{new}=`."


def _refused(message: str, source: str) -> Iterator[tuple[str, str]]:
    """The functions and the arguments that they refused: of the message, else of the calls in the cell."""
    if found := _LAYER.search(message):
        owners = (f"{found.group(1)}.__init__", "Layer.__init__")
        yield from ((owner, name) for name in _arguments_of(found.group(2)) for owner in owners)
    if found := _NOT_RECOGNIZED.search(message):
        called = _MODEL_METHODS if found.group(1) == "s" else _OPTIMIZERS
        yield from ((function, name) for name in _arguments_of(found.group(2)) for function in called)
    if found := _CALL.search(message):
        function, argument = found.group(1) or "", found.group(2)
        if function:
            yield function, argument
        # Matplotlib hands what it does not know on to a drawn thing, whose name the message gives instead.
        if not function or function.endswith(".set") or ".print_" in function:
            yield from ((function, argument) for function in _called_with(argument, source))


def _arguments_of(text: str) -> list[str]:
    return re.findall(r"'(\w+)':", text)


def _called_with(argument: str, source: str) -> Iterator[str]:
    tree = parse(source)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and any(keyword.arg == argument for keyword in node.keywords):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _defines(source: str, name: str) -> bool:
    return re.search(rf"^\s*(def|class)\s+{re.escape(name)}\b", source, re.MULTILINE) is not None


def _history_keys(message: str, source: str) -> Iterator[str]:
    if re.search("hist", source, re.IGNORECASE):
        for name in _KEYS.findall(message):
            if name in messages.HISTORY_KEYS and (
                message == f"'{name}'" or "not in index" in message or "None of" in message
            ):
                yield f"The history's key `{name}` is called `{messages.HISTORY_KEYS[name]}` now."


def _sentence(removed: Removed, *, path: str, instead: str) -> str:
    title = "tf.keras" if removed.path.startswith("tensorflow.keras") else _TITLES.get(removed.package, removed.package)
    subject = f"The argument `{path}`" if path.endswith("=") else f"`{_shown(path)}`"
    gone = f"{subject} was removed from {title} after version {removed.last}"
    if instead:
        return f"{gone}: {_instead(instead)}."
    return f"{gone}; today it is `{_shown(removed.today)}`." if removed.today else f"{gone}."


def _instead(text: str) -> str:
    return text if text.startswith(("leave ", "pass ", "use ")) else f"write {text}"


def _shown(path: str) -> str:
    package, dot, rest = path.partition(".")
    return f"{_SHORT.get(package, package)}{dot}{rest}"
