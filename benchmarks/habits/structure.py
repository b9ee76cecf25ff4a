"""Habits of code: how it is divided into cells and functions, and what variables are called."""

from __future__ import annotations

import ast
import copy
import re
from functools import partial
from itertools import pairwise
from random import Random

from grader.reference.mutation import equivalents_of_notebooks as equivalents
from grader.reference.mutation.changes import Equivalent
from grader.reference.mutation.original import Original
from habits.code import after_imports, called, code_cell, replace, statements, text_of, trainings
from habits.page import Cell, Page
from habits.registry import Step, add_habit, habit

_CHINESE = (
    "数据模型图训练测试标签批次轮损失精度网络层输入产出结果值点线区域真假大小前后左右上下一二三四五六七八九十百千万"
)
_CHANGING = re.compile(r"\.(?:fit|compile|add|append|update|adapt|run|apply)\(|import ")
_MINE = re.compile(r"\b(\w+)_of_mine\b")


def _as_equivalent(page: Page, random: Random, *, equivalent: Equivalent) -> bool:
    """Applies one form of an equivalent of the mutations; the page's code must be the original's."""
    notebook = copy.deepcopy(page.original)
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"original-{index}"
    changes = list(equivalent(Original(notebook, evidence=page.evidence)))
    if not changes:
        return False
    old = {f"original-{index}": cell for index, cell in enumerate(page.cells)}
    cells, section = [], ""
    for cell in random.choice(changes).draft.finish().cells:
        mine = old.get(cell["id"]) or code_cell(cell.source, section)
        section = mine.section
        if mine.kind == "code" and mine.code != cell.source:
            mine.code, mine.outputs = cell.source, []
        cells.append(mine)
    page.cells = cells
    return True


for _equivalent in (
    equivalents.names_changed,
    equivalents.one_name_for_all_models,
    equivalents.cells_split,
    equivalents.cells_merged,
    equivalents.drawn_on_axes,
    equivalents.reformatted,
    equivalents.cells_in_functions,
    equivalents.trained_in_loop,
):
    add_habit(
        _equivalent.__name__,
        partial(_as_equivalent, equivalent=_equivalent),
        family="code as a whole",
        step=Step.CODE,
        needs_run=True,
        text=_equivalent.__doc__ or "",
    )


def _renamed(page: Page, random: Random, *, chinese: bool) -> bool:
    if not _as_equivalent(page, random, equivalent=equivalents.names_changed):
        return False
    names: dict[str, str] = {}
    for cell in page.code_cells():
        for match in _MINE.finditer(cell.code):
            number = len(names)
            new = f"{_CHINESE[number % 50]}{_CHINESE[number // 50 + 7]}量" if chinese else f"v{number}"
            names.setdefault(match.group(), new)
        cell.code = _MINE.sub(lambda match: names[match.group()], cell.code)
    return True


for _name, _chinese, _text in (
    ("names_chinese", True, "Variables and functions have Chinese names."),
    ("names_numbered", False, "Variables and functions are called v1, v2 and so on."),
):
    add_habit(
        _name,
        partial(_renamed, chinese=_chinese),
        family="code as a whole",
        step=Step.CODE,
        needs_run=True,
        text=_text,
    )


@habit("where imports stand", Step.CELLS, needs_run=True)
def imports_in_the_middle(page: Page, _: Random) -> bool:
    """Each import stands in the first cell that uses it."""
    found = False
    for cell in [cell for cell in page.code_cells() if not cell.section and cell.is_plain]:
        for node in reversed(statements(cell)):
            if not isinstance(node, ast.Import | ast.ImportFrom) or cell.code.count("\n") < 2:
                continue
            names = {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
            later = page.code_cells()[page.code_cells().index(cell) :]
            users = [one for one in later if names & _loaded(one)]
            if users and users[0] is not cell and users[0].is_plain:
                text = text_of(cell, node)
                replace(cell, node, "")
                users[0].code = f"{text}\n{users[0].code}"
                found = True
        cell.code = re.sub(r"\n{3,}", "\n\n", cell.code).strip("\n")
    return found


@habit("where imports stand", Step.CELLS, needs_run=True)
def imports_repeated(page: Page, _: Random) -> bool:
    """The imports are repeated in the middle of the notebook."""
    cell = after_imports(page)
    lines = [text_of(cell, node) for node in statements(cell) if isinstance(node, ast.Import | ast.ImportFrom)]
    inside = [one for one in page.code_cells() if one.section]
    middle = inside[len(inside) // 2]
    page.add(code_cell("\n".join(lines), middle.section), before=middle)
    return bool(lines)


@habit("helpers", Step.CELLS, needs_run=True)
def functions_first(page: Page, _: Random) -> bool:
    """All functions stand in one cell behind the imports."""
    moved = list[str]()
    for cell in [cell for cell in page.code_cells() if cell.section and cell.is_plain]:
        for node in reversed(statements(cell)):
            alone = isinstance(node, ast.FunctionDef) and not node.decorator_list and not node.args.defaults
            if alone and len(statements(cell)) > 1:
                moved.insert(0, text_of(cell, node))
                replace(cell, node, "")
                cell.code = re.sub(r"\n{3,}", "\n\n", cell.code).strip("\n")
    if moved:
        page.add(code_cell("\n\n\n".join(moved)), behind=after_imports(page))
    return bool(moved)


def _by_helper(page: Page, _: Random, *, code: str, method: str, form: str) -> bool:
    """Lets a function or a class of the notebook call a method of the models."""
    places = [(cell, call) for cell, _, call in called(page, method)]
    chosen = [(cell, call) for cell, call in places if isinstance(call.func.value, ast.Name)]  # type: ignore[attr-defined]
    for cell, call in reversed(chosen):
        replace(cell, call.func, form.format(model=text_of(cell, call.func.value)))  # type: ignore[attr-defined]
    if chosen:
        page.add(code_cell(code), behind=after_imports(page))
    return bool(chosen)


for _name, _method, _form, _code, _text in (
    (
        "trained_by_function",
        "fit",
        "train_network({model}).fit",
        "def train_network(network):\n    print('training', network.name)\n    return network",
        "A function is handed the model before training.",
    ),
    (
        "trained_by_class",
        "fit",
        "Trainer({model}).run",
        (
            "class Trainer:\n    def __init__(self, network):\n        self.network = network\n\n"
            "    def run(self, *args, **kwargs):\n        return self.network.fit(*args, **kwargs)"
        ),
        "A class of the notebook trains the models.",
    ),
    (
        "scored_by_function",
        "evaluate",
        "(lambda *args, **kwargs: score_network({model}, *args, **kwargs))",
        "def score_network(network, *args, **kwargs):\n    return network.evaluate(*args, **kwargs)",
        "A function of the notebook scores the models.",
    ),
):
    add_habit(
        _name,
        partial(_by_helper, code=_code, method=_method, form=_form),
        family="helpers",
        step=Step.CELLS,
        needs_run=True,
        text=_text,
    )


@habit("wrapped cells", Step.CELLS, needs_run=True)
def main_guard(page: Page, random: Random) -> bool:
    """Some cells run behind ``if __name__ == "__main__"``."""
    cells = [cell for cell in page.code_cells() if cell.is_plain and cell.section and '"""' not in cell.code]
    chosen = [cell for cell in cells if statements(cell) and random.random() < 0.4]
    for cell in chosen:
        body = "\n".join(f"    {line}" if line else "" for line in cell.code.split("\n"))
        cell.code = f'if __name__ == "__main__":\n{body}'
    return bool(chosen)


@habit("wrapped cells", Step.CELLS, needs_run=True)
def training_guarded(page: Page, _: Random) -> bool:
    """Trainings stand in ``try`` and say when they are stopped by hand."""
    found = False
    for training in reversed(list(trainings(page))):
        text = text_of(training.cell, training.statement).replace("\n", "\n    ")
        guarded = f"try:\n    {text}\nexcept KeyboardInterrupt:\n    print('stopped')"
        replace(training.cell, training.statement, guarded)
        found = True
    return found


@habit("wrapped cells", Step.CELLS, needs_run=True)
def type_hints(page: Page, _: Random) -> bool:
    """Variables have annotations."""
    found = False
    for cell in page.code_cells():
        for node in reversed(statements(cell)) if cell.is_plain else ():
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                kind = type(node.value.value).__name__ if isinstance(node.value, ast.Constant) else '"object"'
                replace(cell, node.targets[0], f"{node.targets[0].id}: {kind}")
                found = True
    return found


@habit("wrapped cells", Step.CELLS, needs_run=True)
def epochs_in_variables(page: Page, _: Random) -> bool:
    """Epochs and batch sizes are variables of their own."""
    found = False
    for training in reversed(list(trainings(page))):
        text, lines = text_of(training.cell, training.statement), list[str]()
        for name in ("epochs", "batch_size"):
            match = re.search(rf"\b{name}=(\d+)", text)
            if match is not None:
                lines.append(f"{name.upper()} = {match[1]}")
                text = text.replace(match.group(), f"{name}={name.upper()}")
        if lines:
            replace(training.cell, training.statement, "\n".join([*lines, text]))
            found = True
    return found


@habit("order of cells", Step.CELLS, needs_run=True)
def cells_swapped(page: Page, random: Random) -> bool:
    """Two cells of a section that do not hang on each other have changed places."""
    pairs = [(one, two) for one, two in pairwise(page.code_cells()) if one.section == two.section and _apart(one, two)]
    if not pairs:
        return False
    one, two = random.choice(pairs)
    at, other = page.index(one), page.index(two)
    page.cells[at], page.cells[other] = two, one
    return True


def _apart(one: Cell, two: Cell) -> bool:
    """Whether neither makes or changes what the other uses."""
    if not one.section or not one.is_plain or not two.is_plain or _CHANGING.search(one.code + two.code):
        return False
    used = bool(_stored(one) & (_loaded(two) | _stored(two)) or _stored(two) & _loaded(one))
    return not used


def _loaded(cell: Cell) -> set[str]:
    nodes = [node for item in statements(cell) for node in ast.walk(item) if isinstance(node, ast.Name)]
    return {node.id for node in nodes if isinstance(node.ctx, ast.Load)}


def _stored(cell: Cell) -> set[str]:
    nodes = [node for item in statements(cell) for node in ast.walk(item)]
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    named = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return defined | imported | named
