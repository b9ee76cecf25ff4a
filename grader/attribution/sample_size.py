"""Finds code that depends on the full data set's size, and fails or gets fewer rows on the smaller sample.

``x_train[50000:]`` is right on 60,000 rows and empty on 4,000: such a notebook has to run again on as many rows. Its
statements are read in the order in which they ran: which names hold rows of the data set, which hold numbers as large
as the sample, and where such a number is applied to such rows. Nothing is executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from grader.cell_names import names_in, root_name
from grader.datasets import ORIGINALS
from grader.records import DataSetUse

TRAIN, TEST, PAIR = "train", "test", "pair"

_ROW_CALLS = frozenset(
    {"reshape", "resize", "take", "choice", "sample", "split", "array_split", "vsplit", "train_test_split", "skip"}
    | {"head", "tail", "delete", "insert", "islice", "broadcast_to", "repeat", "permutation", "gather", "slice"}
)
_LEAVES_NOTHING = frozenset({"skip", "split", "array_split", "vsplit"})
_SHAPE_CALLS = frozenset({"reshape", "resize", "zeros", "ones", "empty", "full", "broadcast_to"})
_TRAINING_CALLS = frozenset({"fit", "fit_generator", "evaluate", "train_on_batch", "test_on_batch", "compile"})
_FITTING_CALLS = frozenset({"fit", "fit_generator", "train_on_batch"})
_COUNTS_NO_ROWS = frozenset(
    {"batch_size", "epochs", "units", "seed", "random_state", "buffer_size", "max_iter", "verbose"}
)
_LOOPS_READ_TWICE = 3
_OWN_FILE = re.compile(r"mnist|cifar|fashion", re.IGNORECASE)


@dataclass(frozen=True)
class RowCounts:
    """Rows of the training and test part, in the sample that was served and in the original."""

    sample: dict[str, int]
    original: dict[str, int]

    @classmethod
    def of(cls, data_sets: Iterable[DataSetUse]) -> RowCounts | None:
        """The smallest sample among those that the notebook loaded, or None where all were full."""
        samples = [item for item in data_sets if item.sample]
        samples = [item for item in samples if item.loaded] or samples
        if not samples:
            return None
        _, full_train, full_test = max((ORIGINALS.get(item.name, ((), 0, 0)) for item in samples), key=lambda it: it[1])
        train, test = min(item.train_rows for item in samples), min(item.test_rows for item in samples)
        return cls({TRAIN: train, TEST: test}, {TRAIN: full_train or 10**9, TEST: full_test or 10**9})

    def is_beyond(self, number: int, parts: frozenset[str]) -> bool:
        """Whether a number names a row that the original part has and the sample's has not."""
        named = [part for part in (TRAIN, TEST) if part in parts] if PAIR not in parts else [TRAIN, TEST]
        return min(self.sample[part] for part in named) <= number <= sum(self.original[part] for part in named)


@dataclass(frozen=True)
class Dependence:
    """How the value of an expression or a name depends on the data set and its size.

    Attributes:
        parts: The parts of the data set that it is made of.
        numbers: Numbers of the sample's size or above, written in the notebook, that it is made of.
        reached: A number that was applied to the data and lies beyond the sample: it may have fewer rows than meant.
        empty: Such a number that left no rows.
        is_function: Whether it is the student's function.
    """

    parts: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    reached: int | None = None
    empty: int | None = None
    is_function: bool = False

    @property
    def shortfall(self) -> Dependence:
        """The rows that it lacks, which is all that something trained on it has of it."""
        return Dependence(reached=self.reached, empty=self.empty)


INDEPENDENT = Dependence()


def merged(dependences: Iterable[Dependence]) -> Dependence:
    """The dependences of all of them together."""
    result = INDEPENDENT
    for dependence in dependences:
        result = Dependence(
            parts=result.parts | dependence.parts,
            numbers=result.numbers | dependence.numbers,
            reached=result.reached if dependence.reached is None else dependence.reached,
            empty=result.empty if dependence.empty is None else dependence.empty,
        )
    return result


class SizeTracker:
    """How a notebook's names depend on the data's size, after the statements that were read so far.

    Attributes:
        trains_on_fewer: Whether a model was given fewer rows to train on than the notebook says.
    """

    def __init__(self, rows: RowCounts) -> None:
        self.trains_on_fewer = False
        self.rows = rows
        self.names: dict[str, Dependence] = {}
        self._imported: set[str] = set()
        self._used = INDEPENDENT
        self._loops = 0
        self._smallest = min(rows.sample.values())

    def read(self, statement: ast.stmt) -> Dependence:
        """Reads a statement that ran to its end; returns how its expressions depend."""
        self._used = INDEPENDENT
        self._statement(statement)
        return self._used

    def _use(self, node: ast.expr | None) -> Dependence:
        dependence = INDEPENDENT if node is None else self._expression(node)
        self._used = merged([self._used, dependence])
        return dependence

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign():
                dependence = self._use(node.value)
                for target in node.targets:
                    self._bind(target, dependence, value=node.value)
            case ast.AnnAssign():
                self._bind(node.target, self._use(node.value), value=node.value)
            case ast.AugAssign():
                self._bind(node.target, self._applied(merged([self._use(node.target), self._use(node.value)])))
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.names[node.name] = self._function(node.body)
            case ast.Import() | ast.ImportFrom():
                self._imported |= names_in(node).imported
            case _:
                self._other(node)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        if isinstance(node, ast.While):
            # ``while i < 60000`` bounds what ``i`` will be.
            test = self._use(node.test)
            for compared in ast.walk(node.test):
                if isinstance(compared, ast.Name):
                    self._add(compared.id, Dependence(numbers=test.numbers))
        else:
            self._bind(node.target, self._use(node.iter))
        # Twice, so that what one round leaves reaches the next; not in the innermost of many, which would never end.
        self._loops += 1
        again = node.body if self._loops <= _LOOPS_READ_TWICE else []
        self._block([*node.body, *again, *node.orelse])
        self._loops -= 1

    def _other(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._use(child)
            elif isinstance(child, ast.stmt):
                self._statement(child)
            elif isinstance(child, ast.withitem):
                dependence = self._use(child.context_expr)
                if child.optional_vars is not None:
                    self._bind(child.optional_vars, dependence)
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                self._block(child.body)

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _function(self, body: Sequence[ast.stmt]) -> Dependence:
        """What calling a function does: its numbers wait for rows, and rows that it finds itself may meet them."""
        names, used = dict(self.names), self._used
        self._used = INDEPENDENT
        self._block(body)
        found = merged([self._used, *(self._numbers_in(statement) for statement in body)])
        self.names, self._used = names, used
        return replace(found, is_function=True)

    def _numbers_in(self, node: ast.AST) -> Dependence:
        if isinstance(node, ast.keyword) and node.arg in _COUNTS_NO_ROWS:
            return INDEPENDENT
        if isinstance(node, ast.Constant):
            return self._number(node.value)
        return merged(self._numbers_in(child) for child in ast.iter_child_nodes(node))

    def _number(self, value: object) -> Dependence:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**9:
            return INDEPENDENT
        is_large = float(value).is_integer() and abs(value) >= self._smallest
        return Dependence(numbers=frozenset({int(abs(value))})) if is_large else INDEPENDENT

    def _bind(self, target: ast.expr, dependence: Dependence, *, value: ast.expr | None = None) -> None:
        match target:
            case ast.Name():
                self.names[target.id] = self._named(target.id, dependence)
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, dependence, value=value)
            case ast.Starred():
                self._bind(target.value, dependence)
            case ast.Subscript() | ast.Attribute():
                place = self._use(target)
                self._used = merged([self._used, self._applied(merged([place, dependence]))])
                root = _root(target)
                if root is not None:
                    self._add(root, self._applied(merged([place, dependence])))

    def _unpack(self, targets: Sequence[ast.expr], dependence: Dependence, *, value: ast.expr | None) -> None:
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets):
            dependences = [self._expression(element) for element in value.elts]
        elif PAIR in dependence.parts and len(targets) == 2:
            dependences = [replace(dependence, parts=frozenset({part})) for part in (TRAIN, TEST)]
        else:
            dependences = [dependence] * len(targets)
        for target, part in zip(targets, dependences, strict=True):
            self._bind(target, part)

    def _named(self, name: str, dependence: Dependence) -> Dependence:
        """A part that is unknown is read from the name that it gets."""
        if PAIR in dependence.parts:
            for part in (TRAIN, TEST):
                if part in name.lower():
                    return replace(dependence, parts=frozenset({part}))
        return dependence

    def _add(self, name: str, dependence: Dependence) -> None:
        if name not in self._imported:
            before = self.names.get(name, INDEPENDENT)
            self.names[name] = replace(merged([before, dependence]), is_function=before.is_function)

    def _applied(self, dependence: Dependence, *, is_empty: bool = False) -> Dependence:
        """The same with numbers applied to rows: with the number beyond the sample's rows, where one is."""
        if not dependence.parts:
            return dependence
        beyond = max(
            (number for number in dependence.numbers if self.rows.is_beyond(number, dependence.parts)), default=None
        )
        if beyond is None:
            return dependence
        return replace(dependence, reached=beyond, empty=beyond if is_empty else dependence.empty, numbers=frozenset())

    def _expression(self, node: ast.expr) -> Dependence:
        match node:
            case ast.Constant():
                dependence = self._number(node.value)
            case ast.Name():
                dependence = self.names.get(node.id, INDEPENDENT)
            case ast.Subscript():
                dependence = self._subscript(node)
            case ast.Call():
                dependence = self._call(node)
            case ast.NamedExpr():
                dependence = self._expression(node.value)
                self._bind(node.target, dependence)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                dependence = self._comprehension(node)
            case ast.Lambda():
                body = merged([self._expression(node.body), self._numbers_in(node.body)])
                dependence = replace(body, is_function=True)
            case _:
                dependence = self._composed(node)
        return dependence

    def _composed(self, node: ast.expr) -> Dependence:
        parts = [self._expression(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if isinstance(node, ast.BinOp):
            return self._applied(merged([*parts, self._folded(node)]))
        return self._applied(merged(parts)) if isinstance(node, ast.Compare) else merged(parts)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Dependence:
        names = dict(self.names)
        dependences = []
        for generator in node.generators:
            dependence = self._expression(generator.iter)
            dependences.append(dependence)
            self._bind(generator.target, dependence)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        dependences += [self._expression(element) for element in made]
        self.names = names
        return merged(dependences)

    def _folded(self, node: ast.BinOp) -> Dependence:
        """The value of arithmetic on written numbers, such as ``6 * 10**4``."""
        try:
            return self._number(_value(node))
        except (ValueError, ArithmeticError, RecursionError):
            return INDEPENDENT

    def _subscript(self, node: ast.Subscript) -> Dependence:
        value = self._expression(node.value)
        index = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if PAIR in value.parts and isinstance(index, ast.Constant):
            part = {0: TRAIN, 1: TEST}.get(index.value) if isinstance(index.value, int) else None
            if part is not None:
                return replace(value, parts=frozenset({part}))
            return self._named(str(index.value), value)
        if isinstance(index, ast.Slice):
            lower, upper = (
                self._expression(end) if end is not None else INDEPENDENT for end in (index.lower, index.upper)
            )
            is_back = isinstance(index.upper, ast.UnaryOp) and isinstance(index.upper.op, ast.USub)
            is_front = not (isinstance(index.lower, ast.UnaryOp) and isinstance(index.lower.op, ast.USub))
            rows = replace(value, numbers=frozenset())
            cut = [
                self._applied(merged([rows, lower]), is_empty=is_front),
                self._applied(merged([rows, upper]), is_empty=is_back),
            ]
            return replace(merged(cut), numbers=value.numbers)
        # Numbers of the further axes count columns, but rows may stand there: ``a[np.arange(60000), y_train]``.
        others = node.slice.elts[1:] if isinstance(node.slice, ast.Tuple) else []
        columns = [replace(self._expression(other), numbers=frozenset()) for other in others]
        applied = self._applied(merged([value, self._expression(index), *columns]))
        return replace(applied, numbers=value.numbers)

    def _call(self, node: ast.Call) -> Dependence:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "load_data" or (name == "load" and any(map(_is_own_file, node.args))):
            return Dependence(parts=frozenset({PAIR}))
        function = self._expression(node.func)
        given = merged([*self._arguments(node, name), *(self._keyword(keyword) for keyword in node.keywords)])
        total = merged([function, given])
        self.trains_on_fewer |= name in _FITTING_CALLS and given.reached is not None
        if name in _ROW_CALLS or function.is_function:
            total = self._applied(total, is_empty=name in _LEAVES_NOTHING)
        root = _root(node.func) if isinstance(node.func, ast.Attribute) else None
        if root is not None and (given.reached is not None or given.empty is not None):
            self._add(root, given.shortfall)
        return total.shortfall if name in _TRAINING_CALLS else total

    def _arguments(self, node: ast.Call, name: str) -> Iterator[Dependence]:
        arguments = node.args
        if name in _SHAPE_CALLS and arguments:
            # Of a shape only the first length counts rows; np.reshape(a, shape) has it second.
            of_method = isinstance(node.func, ast.Attribute) and _root(node.func) not in self._imported
            at = 1 if name in {"reshape", "resize", "broadcast_to"} and not of_method and len(arguments) > 1 else 0
            shape = arguments[at]
            first = shape.elts[0] if isinstance(shape, ast.Tuple | ast.List) and shape.elts else shape
            arguments = [*arguments[:at], first]
        yield from map(self._expression, arguments)

    def _keyword(self, keyword: ast.keyword) -> Dependence:
        dependence = self._expression(keyword.value)
        return replace(dependence, numbers=frozenset()) if keyword.arg in _COUNTS_NO_ROWS else dependence


def _root(node: ast.expr) -> str | None:
    return root_name(node, through=(ast.Attribute, ast.Subscript, ast.Call))


def _is_own_file(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_OWN_FILE.search(node.value))


def _value(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value) if abs(value) <= 10**9:
            return value
        case ast.BinOp(op=ast.Mult()):
            return _value(node.left) * _value(node.right)
        case ast.BinOp(op=ast.Add()):
            return _value(node.left) + _value(node.right)
        case ast.BinOp(op=ast.Sub()):
            return _value(node.left) - _value(node.right)
        case ast.BinOp(op=ast.Div() | ast.FloorDiv()):
            return _value(node.left) / _value(node.right)
        case ast.BinOp(op=ast.Pow()) if 0 <= _value(node.right) <= 9:
            return float(_value(node.left) ** _value(node.right))
    raise ValueError("no arithmetic on written numbers")
