"""Other ways to write the same notebook: names, cells, headings, style; what it answers stays as right as it was."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from grader.matching.headings import headings_of
from grader.reference.mutation.changes import Change, Equivalent
from grader.reference.mutation.draft import Draft, span
from grader.reference.mutation.original import Original, loads, stores

_HEADING = re.compile(r"^#{1,6}\s.*$", re.MULTILINE)
_ON_AXES = {
    "title": "set_title",
    "xlabel": "set_xlabel",
    "ylabel": "set_ylabel",
    "xlim": "set_xlim",
    "ylim": "set_ylim",
}
_SAME_ON_AXES = frozenset({"plot", "scatter", "imshow", "legend", "text", "axis", "grid", "bar", "hist", "contourf"})


def names_changed(original: Original) -> Iterator[Change]:
    """Every variable and function has another name."""
    names = _own_names(original)
    yield Change(_renamed(original, {name: f"{name}_of_mine" for name in sorted(names)}))


def one_name_for_all_models(original: Original) -> Iterator[Change]:
    """All models, one after the other, are held by one variable."""
    names = list(dict.fromkeys(part.name for part in original.parts))
    if len(names) < 2:
        return
    used = {name: _extent(original, name) for name in names}
    apart = all(used[one][1] <= used[two][0] for one, two in pairwise(names))
    if apart and "network" not in _own_names(original):
        yield Change(_renamed(original, dict.fromkeys(names, "network")))


def flattened_in_model(original: Original) -> Iterator[Change]:
    """The images keep their shape, and each model flattens them."""
    loaded = original.loaded_data()
    shapes = {item.array.shape[1:] for item in original.evidence.arrays if loaded and item.name == loaded[0][0]}
    images = next((shape for shape in shapes if len(shape) == 2), None)
    if loaded is None or images is None:
        return
    width = images[0] * images[1]
    flat = [part for part in original.parts if part.model.input_shapes == ((width,),)]
    draft, reshaped = original.draft(), 0
    for cell in original.trees:
        for call in original.calls(cell, "reshape"):
            if isinstance(call.receiver, ast.Name) and call.receiver.id in loaded[0]:
                draft.replace(cell, call.node, call.receiver.id)
                reshaped += 1
    for part in flat:
        if part.compiled is None or not part.layers:
            return
        code = (
            f"import keras\n{part.name} = keras.Sequential("
            f"[keras.Input(shape={images}), keras.layers.Flatten(), *{part.name}.layers])"
        )
        draft.before(part.compiled.cell, part.compiled.statement, code)
    if flat and reshaped:
        yield Change(draft)


def headings_edited(original: Original) -> Iterator[Change]:
    """Headings have another level, no colon, and a slip of the pen."""

    def edited(match: re.Match[str]) -> str:
        words = match.group().lstrip("#").strip().replace(":", " -")
        letters = list(words)
        middle = len(letters) // 2
        letters[middle : middle + 2] = reversed(letters[middle : middle + 2])
        return f"## {''.join(letters)}"

    yield from _headings(original, edited)


def headings_gone(original: Original) -> Iterator[Change]:
    """There are no headings."""
    yield from _headings(original, lambda _: "")


def cells_split(original: Original) -> Iterator[Change]:
    """Each statement has a cell of its own, but for drawings: a figure is shown and closed where its cell ends."""
    draft = original.draft()
    drawing = {figure.cell for figure in original.evidence.figures}
    for cell, tree in original.trees.items():
        source = original.sources[cell]
        if len(tree.body) < 2 or cell in drawing or "%" in source.lstrip()[:1]:
            continue
        starts = [span(source, node)[0] for node in tree.body]
        pieces = [source[start:end] for start, end in pairwise([0, *starts[1:], len(source)])]
        draft.write(cell, pieces[0].strip("\n"))
        for piece in pieces[1:]:
            draft.add_behind(cell, piece.strip("\n"))
    yield Change(draft)


def cells_merged(original: Original) -> Iterator[Change]:
    """Code cells that stand one behind the other are one."""
    draft, first = original.draft(), None
    merged: dict[int, list[str]] = {}
    for index in range(len(original.notebook.cells)):
        if index not in original.trees or _is_bare_magic(original.sources[index]):
            first = None
        elif first is None:
            first = index
        else:
            merged.setdefault(first, [original.sources[first]]).append(original.sources[index])
            draft.drop(index)
    for cell, sources in merged.items():
        draft.write(cell, "\n\n".join(sources))
    if merged:
        yield Change(draft)


def _is_bare_magic(source: str) -> bool:
    """Whether a cell is one line such as ``pip install x``, which IPython takes for a magic only where it is alone."""
    line = source.strip()
    if "\n" in line or line.startswith(("%", "!", "#")):
        return False
    try:
        ast.parse(line)
    except SyntaxError:
        return True
    return False


def drawn_on_axes(original: Original) -> Iterator[Change]:
    """What pyplot's functions drew is drawn by methods of the current axes."""
    draft, found = original.draft(), 0
    for cell, tree in original.trees.items():
        for node in ast.walk(tree):
            function = node.func if isinstance(node, ast.Call) else None
            if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
                continue
            method = _ON_AXES.get(function.attr, function.attr if function.attr in _SAME_ON_AXES else None)
            if function.value.id == "plt" and method is not None:
                draft.replace(cell, function, f"plt.gca().{method}")
                found += 1
    if found:
        yield Change(draft)


def reformatted(original: Original) -> Iterator[Change]:
    """Comments and line breaks are gone, strings are quoted otherwise."""
    draft = original.draft()
    for cell, tree in original.trees.items():
        if not re.search(r"^\s*[%!]", original.sources[cell], re.MULTILINE):
            draft.write(cell, ast.unparse(tree))
    yield Change(draft)


def cells_in_functions(original: Original) -> Iterator[Change]:
    """What a training cell does is done in a function, which is called."""
    for part in original.parts:
        tree = original.trees[part.cell]
        names = sorted(set().union(*(stores(node) for node in tree.body)))
        source = original.sources[part.cell]
        if re.search(r"^\s*[%!]", source, re.MULTILINE) or '"""' in source or any("*" in name for name in names):
            continue
        body = "\n".join("    " + line if line else "" for line in source.split("\n"))
        code = f"def answer():\n    global {', '.join(names)}\n{body}\n\n\nanswer()" if names else ""
        if code:
            yield Change(original.draft().write(part.cell, code), place=part.name)


def trained_in_loop(original: Original) -> Iterator[Change]:
    """The model is trained in the body of a loop."""
    for part in original.parts:
        if part.fit is not None and part.fit.statement in original.trees[part.cell].body:
            text = original.text(part.cell, part.fit.statement)
            inner = "\n".join("    " + line for line in text.split("\n"))
            code = f"for network in [{part.name}]:\n{inner}"
            yield Change(original.draft().replace(part.cell, part.fit.statement, code), place=part.name)


def seeded_otherwise(original: Original) -> Iterator[Change]:
    """The notebook seeds its random numbers itself."""
    first = min(original.trees, default=None)
    if first is not None and original.trees[first].body:
        code = "import keras\n\nkeras.utils.set_random_seed(2718)"
        yield Change(original.draft().after(first, original.trees[first].body[-1], code))


def outputs_stored(original: Original) -> Iterator[Change]:
    """The notebook is handed in with its outputs."""
    draft, found = original.draft(), 0
    for run in original.evidence.cells:
        if run.kind == "code" and run.printed:
            draft.store_output(run.index, run.printed)
            found += 1
    if found:
        yield Change(draft)


def extra_cells(original: Original) -> Iterator[Change]:
    """Between the answers, data and models are looked at."""
    for part in original.parts:
        looked_at = f"{part.name}.summary()\nprint(type({part.name}))"
        yield Change(original.draft().add_behind(part.cell, looked_at), place=part.name)


def _headings(original: Original, edited: Callable[[re.Match[str]], str]) -> Iterator[Change]:
    draft = original.draft()
    cells = {heading.cell for heading in headings_of(original.evidence.cells) if heading.is_real}
    for cell in cells:
        source = original.notebook.cells[cell].source
        draft.write(cell, _HEADING.sub(edited, source).strip("\n") or "...")
    if cells:
        yield Change(draft)


def _own_names(original: Original) -> set[str]:
    """What the notebook binds itself, at the top level; what it imports keeps its name."""
    names: set[str] = set()
    for tree in original.trees.values():
        for node in tree.body:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                names |= stores(node)
    return {name for name in names if not name.startswith("_") and not hasattr(builtins, name)}


def _extent(original: Original, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Where a name is used first and last at the top level: cell and line."""
    places = [
        (cell, node.lineno)
        for cell, tree in original.trees.items()
        for node in tree.body
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) and name in loads(node) | stores(node)
    ]
    return min(places), max(places)


def _renamed(original: Original, names: dict[str, str]) -> Draft:
    """Names of the top level changed wherever they are meant; a function's own variables of that name are others."""
    draft = original.draft()
    for cell, tree in original.trees.items():
        meant = [node for node in _meant(tree) if node.id in names]
        functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        named = [node for node in functions if node.name in names and node in tree.body]
        if not meant and not named:
            continue
        if all(original.text(cell, node) == node.id for node in meant) and not named:
            for node in meant:
                draft.replace(cell, node, names[node.id])
        else:
            # Inside a formatted string Python 3.11 does not say where a name stands.
            draft.write(cell, _unparsed(tree, meant=meant, named=named, names=names))
    return draft


def _unparsed(
    tree: ast.Module, *, meant: list[ast.Name], named: Sequence[ast.FunctionDef | ast.ClassDef], names: dict[str, str]
) -> str:
    before: list[tuple[ast.AST, str, str]] = [(node, "id", node.id) for node in meant]
    before += [(node, "name", node.name) for node in named if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for node, field, old in before:
        setattr(node, field, names[old])
    try:
        return ast.unparse(tree)
    finally:
        for node, field, old in before:
            setattr(node, field, old)


def _meant(tree: ast.AST) -> Iterator[ast.Name]:
    """The names that are looked up at the top level."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.Lambda)):
            given = node.args
            own = {item.arg for item in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
            own |= {item.arg for item in (given.vararg, given.kwarg) if item is not None}
            body = node.body if isinstance(node.body, list) else [node.body]
            declared = {name for item in ast.walk(node) if isinstance(item, ast.Global) for name in item.names}
            own |= set().union(*(stores(item) for item in body)) - declared
            yield from (name for name in _meant(node) if name.id not in own)
        elif isinstance(node, ast.Name):
            yield node
        else:
            yield from _meant(node)


EQUIVALENTS: tuple[Equivalent, ...] = (
    names_changed,
    one_name_for_all_models,
    flattened_in_model,
    headings_edited,
    headings_gone,
    cells_split,
    cells_merged,
    drawn_on_axes,
    reformatted,
    cells_in_functions,
    trained_in_loop,
    seeded_otherwise,
    outputs_stored,
    extra_cells,
)
