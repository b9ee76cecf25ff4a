"""Follows numbers that a student took from the full data set's size to where the sample has fewer rows.

``x_train[50000:]`` is right on 60,000 rows and empty on 4,000. What fails or is empty for that reason is our doing. The
notebook's statements are read in the order in which they ran: which names hold rows of the data set, which hold such
numbers, and where the two meet. Nothing is executed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

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
_COUNTS_NO_ROWS = frozenset(
    {"batch_size", "epochs", "units", "seed", "random_state", "buffer_size", "max_iter", "verbose"}
)
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
class Flow:
    """What reaches an expression or a name.

    Attributes:
        parts: Of which parts of the data set it is made.
        numbers: Numbers of the sample's size or above that were written in the notebook.
        reached: A number that was applied to the data and lies beyond the sample: it may be cut short.
        empty: Such a number that left nothing, or whose failure left it unmade.
        is_function: Whether it is the student's function.
    """

    parts: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    reached: int | None = None
    empty: int | None = None
    is_function: bool = False

    @property
    def damage(self) -> Flow:
        """What remains of it in something that was trained or computed from it."""
        return Flow(reached=self.reached, empty=self.empty)


NOTHING = Flow()


def merged(flows: Iterable[Flow]) -> Flow:
    """Everything that reaches any of them."""
    result = NOTHING
    for flow in flows:
        result = Flow(
            parts=result.parts | flow.parts,
            numbers=result.numbers | flow.numbers,
            reached=result.reached if flow.reached is None else flow.reached,
            empty=result.empty if flow.empty is None else flow.empty,
        )
    return result


def bound_names(statement: ast.stmt) -> set[str]:
    """The names that a statement binds in the notebook's namespace."""
    names: set[str] = set()
    for node in _outside_functions(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name.split(".")[0]) for alias in node.names)
    return names


def _outside_functions(statement: ast.stmt) -> Iterator[ast.AST]:
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


class RowFlow:
    """The state of a notebook's names after the statements that were read so far."""

    def __init__(self, rows: RowCounts) -> None:
        self.rows = rows
        self.names: dict[str, Flow] = {}
        self._imported: set[str] = set()
        self._used = NOTHING
        self._smallest = min(rows.sample.values())

    def read(self, statement: ast.stmt) -> Flow:
        """Reads a statement that ran to its end; returns what its expressions met."""
        self._used = NOTHING
        self._statement(statement)
        return self._used

    def spoil(self, names: Iterable[str], *, number: int) -> None:
        """Notes names that a failure of our doing left unmade, or as they were before."""
        for name in names:
            self.names[name] = replace(self.names.get(name, NOTHING), empty=number)

    def _use(self, node: ast.expr | None) -> Flow:
        flow = NOTHING if node is None else self._expression(node)
        self._used = merged([self._used, flow])
        return flow

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign():
                flow = self._use(node.value)
                for target in node.targets:
                    self._bind(target, flow, value=node.value)
            case ast.AnnAssign():
                self._bind(node.target, self._use(node.value), value=node.value)
            case ast.AugAssign():
                self._bind(node.target, self._met(merged([self._use(node.target), self._use(node.value)])))
            case ast.For() | ast.AsyncFor() | ast.While():
                self._loop(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.names[node.name] = self._function(node.body)
            case ast.Import() | ast.ImportFrom():
                self._imported |= bound_names(node)
            case _:
                self._other(node)

    def _loop(self, node: ast.For | ast.AsyncFor | ast.While) -> None:
        if isinstance(node, ast.While):
            # ``while i < 60000`` bounds what ``i`` will be.
            test = self._use(node.test)
            for compared in ast.walk(node.test):
                if isinstance(compared, ast.Name):
                    self._add(compared.id, Flow(numbers=test.numbers))
        else:
            self._bind(node.target, self._use(node.iter))
        # Twice, so that what one round leaves reaches the next.
        self._block([*node.body, *node.body, *node.orelse])

    def _other(self, node: ast.stmt) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self._use(child)
            elif isinstance(child, ast.stmt):
                self._statement(child)
            elif isinstance(child, ast.withitem):
                flow = self._use(child.context_expr)
                if child.optional_vars is not None:
                    self._bind(child.optional_vars, flow)
            elif isinstance(child, ast.ExceptHandler | ast.match_case):
                self._block(child.body)

    def _block(self, statements: Sequence[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _function(self, body: Sequence[ast.stmt]) -> Flow:
        """What calling a function does: its numbers wait for rows, and rows that it finds itself may meet them."""
        names, used = dict(self.names), self._used
        self._used = NOTHING
        self._block(body)
        found = merged([self._used, *(self._numbers_in(statement) for statement in body)])
        self.names, self._used = names, used
        return replace(found, is_function=True)

    def _numbers_in(self, node: ast.AST) -> Flow:
        if isinstance(node, ast.keyword) and node.arg in _COUNTS_NO_ROWS:
            return NOTHING
        if isinstance(node, ast.Constant):
            return self._number(node.value)
        return merged(self._numbers_in(child) for child in ast.iter_child_nodes(node))

    def _number(self, value: object) -> Flow:
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**9:
            return NOTHING
        is_large = float(value).is_integer() and abs(value) >= self._smallest
        return Flow(numbers=frozenset({int(abs(value))})) if is_large else NOTHING

    def _bind(self, target: ast.expr, flow: Flow, *, value: ast.expr | None = None) -> None:
        match target:
            case ast.Name():
                self.names[target.id] = self._named(target.id, flow)
            case ast.Tuple() | ast.List():
                self._unpack(target.elts, flow, value=value)
            case ast.Starred():
                self._bind(target.value, flow)
            case ast.Subscript() | ast.Attribute():
                place = self._use(target)
                self._used = merged([self._used, self._met(merged([place, flow]))])
                base = _base(target)
                if base is not None:
                    self._add(base, self._met(merged([place, flow])))

    def _unpack(self, targets: Sequence[ast.expr], flow: Flow, *, value: ast.expr | None) -> None:
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(targets):
            flows = [self._expression(element) for element in value.elts]
        elif PAIR in flow.parts and len(targets) == 2:
            flows = [replace(flow, parts=frozenset({part})) for part in (TRAIN, TEST)]
        else:
            flows = [flow] * len(targets)
        for target, part in zip(targets, flows, strict=True):
            self._bind(target, part)

    def _named(self, name: str, flow: Flow) -> Flow:
        """A part that is unknown is read from the name that it gets."""
        if PAIR in flow.parts:
            for part in (TRAIN, TEST):
                if part in name.lower():
                    return replace(flow, parts=frozenset({part}))
        return flow

    def _add(self, name: str, flow: Flow) -> None:
        if name not in self._imported:
            before = self.names.get(name, NOTHING)
            self.names[name] = replace(merged([before, flow]), is_function=before.is_function)

    def _met(self, flow: Flow, *, is_empty: bool = False) -> Flow:
        """The flow, with the number that reaches beyond the sample's rows where one does."""
        if not flow.parts:
            return flow
        beyond = max((number for number in flow.numbers if self.rows.is_beyond(number, flow.parts)), default=None)
        if beyond is None:
            return flow
        return replace(flow, reached=beyond, empty=beyond if is_empty else flow.empty, numbers=frozenset())

    def _expression(self, node: ast.expr) -> Flow:
        match node:
            case ast.Constant():
                flow = self._number(node.value)
            case ast.Name():
                flow = self.names.get(node.id, NOTHING)
            case ast.Subscript():
                flow = self._subscript(node)
            case ast.Call():
                flow = self._call(node)
            case ast.NamedExpr():
                flow = self._expression(node.value)
                self._bind(node.target, flow)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                flow = self._comprehension(node)
            case ast.Lambda():
                body = merged([self._expression(node.body), self._numbers_in(node.body)])
                flow = replace(body, is_function=True)
            case _:
                flow = self._composed(node)
        return flow

    def _composed(self, node: ast.expr) -> Flow:
        parts = [self._expression(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if isinstance(node, ast.BinOp):
            return self._met(merged([*parts, self._folded(node)]))
        return self._met(merged(parts)) if isinstance(node, ast.Compare) else merged(parts)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Flow:
        names = dict(self.names)
        flows = []
        for generator in node.generators:
            flow = self._expression(generator.iter)
            flows.append(flow)
            self._bind(generator.target, flow)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        flows += [self._expression(element) for element in made]
        self.names = names
        return merged(flows)

    def _folded(self, node: ast.BinOp) -> Flow:
        """The value of arithmetic on written numbers, such as ``6 * 10**4``."""
        try:
            return self._number(_value(node))
        except (ValueError, ArithmeticError, RecursionError):
            return NOTHING

    def _subscript(self, node: ast.Subscript) -> Flow:
        value = self._expression(node.value)
        index = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        if PAIR in value.parts and isinstance(index, ast.Constant):
            part = {0: TRAIN, 1: TEST}.get(index.value) if isinstance(index.value, int) else None
            if part is not None:
                return replace(value, parts=frozenset({part}))
            return self._named(str(index.value), value)
        if isinstance(index, ast.Slice):
            lower, upper = (self._expression(end) if end is not None else NOTHING for end in (index.lower, index.upper))
            is_back = isinstance(index.upper, ast.UnaryOp) and isinstance(index.upper.op, ast.USub)
            is_front = not (isinstance(index.lower, ast.UnaryOp) and isinstance(index.lower.op, ast.USub))
            rows = replace(value, numbers=frozenset())
            cut = [
                self._met(merged([rows, lower]), is_empty=is_front),
                self._met(merged([rows, upper]), is_empty=is_back),
            ]
            return replace(merged(cut), numbers=value.numbers)
        # Numbers of the further axes count columns, but rows may stand there: ``a[np.arange(60000), y_train]``.
        others = node.slice.elts[1:] if isinstance(node.slice, ast.Tuple) else []
        columns = [replace(self._expression(other), numbers=frozenset()) for other in others]
        met = self._met(merged([value, self._expression(index), *columns]))
        return replace(met, numbers=value.numbers)

    def _call(self, node: ast.Call) -> Flow:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "load_data" or (name == "load" and any(map(_is_own_file, node.args))):
            return Flow(parts=frozenset({PAIR}))
        function = self._expression(node.func)
        given = merged([*self._arguments(node, name), *(self._keyword(keyword) for keyword in node.keywords)])
        total = merged([function, given])
        if name in _ROW_CALLS or function.is_function:
            total = self._met(total, is_empty=name in _LEAVES_NOTHING)
        base = _base(node.func) if isinstance(node.func, ast.Attribute) else None
        if base is not None and (given.reached is not None or given.empty is not None):
            self._add(base, given.damage)
        return total.damage if name in _TRAINING_CALLS else total

    def _arguments(self, node: ast.Call, name: str) -> Iterator[Flow]:
        arguments = node.args
        if name in _SHAPE_CALLS and arguments:
            # Of a shape only the first length counts rows; np.reshape(a, shape) has it second.
            of_method = isinstance(node.func, ast.Attribute) and _base(node.func) not in self._imported
            at = 1 if name in {"reshape", "resize", "broadcast_to"} and not of_method and len(arguments) > 1 else 0
            shape = arguments[at]
            first = shape.elts[0] if isinstance(shape, ast.Tuple | ast.List) and shape.elts else shape
            arguments = [*arguments[:at], first]
        yield from map(self._expression, arguments)

    def _keyword(self, keyword: ast.keyword) -> Flow:
        flow = self._expression(keyword.value)
        return replace(flow, numbers=frozenset()) if keyword.arg in _COUNTS_NO_ROWS else flow


def _base(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


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
