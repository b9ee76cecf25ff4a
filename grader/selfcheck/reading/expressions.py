"""Values of expressions."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Sequence
from typing import Any

from grader.selfcheck.reading.arrays import item
from grader.selfcheck.reading.calls import TRAINING_WORDS, Calls
from grader.selfcheck.reading.state import MAX_ITEMS, Raised, within_bounds
from grader.selfcheck.reading.values import (
    UNKNOWN,
    ArrayOf,
    ClassOf,
    FunctionOf,
    InstanceOf,
    Library,
    Made,
    Scope,
    TensorOf,
    Unknown,
    holds_model,
    is_known,
    is_plain,
)

_BUILTINS = frozenset(dir(builtins)) | {"display", "get_ipython", "In", "Out", "exit", "quit", "_", "__", "___", "_i"}
_BUILTINS |= {"_ii", "_iii", "_oh", "_dh", "_ih", "__file__", "__builtins__", "__doc__"}
_SIGNS: dict[type[ast.AST], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
    ast.Pow: ("**", operator.pow),
}
_COMPARES: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}
_LARGEST_POWER = 64
FEWEST_ROWS = 50


class Expressions(Calls):
    """The part of the reading that evaluates."""

    def evaluate(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression."""
        self.step()
        reader = getattr(self, f"_{type(node).__name__.lower()}", None)
        if reader is not None:
            return reader(node, scope)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.expr):
                self.evaluate(part, scope)
        return UNKNOWN

    def _constant(self, node: ast.Constant, _scope: Scope) -> Any:
        return node.value if is_plain(node.value) or node.value is Ellipsis else UNKNOWN

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        found = scope.find(node.id)
        if found is not None:
            return found.names[node.id]
        if node.id in _BUILTINS:
            return Library(f"builtins.{node.id}")
        if self.any_name or self.doubt or self.depth or node.id in self.named or scope is not self.notebook:
            return UNKNOWN
        raise Raised("NameError", f"name '{node.id}' is not defined")

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        return self.attribute(self.evaluate(node.value, scope), node.attr)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> Any:
        return tuple(self._items(node.elts, scope))

    def _list(self, node: ast.List, scope: Scope) -> Any:
        return self._items(node.elts, scope)

    def _items(self, nodes: Sequence[ast.expr], scope: Scope) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                value = self.evaluate(node.value, scope)
                found += list(value) if isinstance(value, list | tuple | range) else [UNKNOWN]
            else:
                found.append(self.evaluate(node, scope))
        return found

    def _dict(self, node: ast.Dict, scope: Scope) -> Any:
        found: dict[Any, Any] = {}
        is_whole = True
        for key, value in zip(node.keys, node.values, strict=True):
            item_value = self.evaluate(value, scope)
            if key is None:
                is_whole = is_whole and isinstance(item_value, dict)
                found |= item_value if isinstance(item_value, dict) else {}
                continue
            name = self.evaluate(key, scope)
            if not is_plain(name):
                is_whole = False
            else:
                found[name] = item_value
        if not is_whole:
            self.given_away(list(found.values()), "a model is kept under a name that is not known")
            return UNKNOWN
        return found

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        parts = [self.evaluate(part, scope) for part in node.values]
        return "".join(parts) if all(isinstance(part, str) for part in parts) else UNKNOWN

    def _formattedvalue(self, node: ast.FormattedValue, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        form = "" if node.format_spec is None else self.evaluate(node.format_spec, scope)
        if not is_plain(value) or not isinstance(form, str) or len(form) > 6:
            return UNKNOWN
        try:
            return format(repr(value) if node.conversion == ord("r") else value, form)
        except (ValueError, TypeError):
            return UNKNOWN

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        return FunctionOf(node, scope)

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Any:
        test = self.evaluate(node.test, scope)
        if is_known(test):
            return self.evaluate(node.body if test else node.orelse, scope)
        with self.doubting("which of two values is taken, only a run shows"):
            self.evaluate(node.body, scope)
            self.evaluate(node.orelse, scope)
        return UNKNOWN

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Any:
        values = [self.evaluate(value, scope) for value in node.values]
        if not all(map(is_known, values)):
            return UNKNOWN
        is_and = isinstance(node.op, ast.And)
        return next((value for value in values if bool(value) is not is_and), values[-1])

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.evaluate(node.operand, scope)
        if isinstance(value, ArrayOf):
            return ArrayOf(value.shape)
        if isinstance(node.op, ast.Not):
            return not value if is_known(value) else UNKNOWN
        if isinstance(value, int | float):
            return -value if isinstance(node.op, ast.USub) else value if isinstance(node.op, ast.UAdd) else UNKNOWN
        return UNKNOWN

    def _binop(self, node: ast.BinOp, scope: Scope) -> Any:
        return self.binary(self.evaluate(node.left, scope), self.evaluate(node.right, scope), node.op)

    def binary(self, left: Any, right: Any, sign: ast.operator) -> Any:
        """An operator between two values."""
        if type(sign) not in _SIGNS:
            return self.operate(left, right, "")
        name, function = _SIGNS[type(sign)]
        plain = (int, float, str, list, tuple)
        if not isinstance(left, plain) or not isinstance(right, plain):
            return self.operate(left, right, name)
        if not _is_small(name, left, right):
            return UNKNOWN
        try:
            return within_bounds(function(left, right))
        except Exception:  # noqa: BLE001 - what it raises, a run shows
            return UNKNOWN

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        values = [self.evaluate(node.left, scope), *(self.evaluate(one, scope) for one in node.comparators)]
        if any(isinstance(value, ArrayOf) for value in values):
            return self.operate(values[0], values[1], "", compares=True)
        if not all(map(is_known, values)):
            return UNKNOWN
        try:
            pairs = zip(node.ops, values[:-1], values[1:], strict=True)
            return all(_COMPARES[type(sign)](left, right) for sign, left, right in pairs)
        except Exception:  # noqa: BLE001 - as above
            return UNKNOWN

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner = self.evaluate(node.value, scope)
        index = self.index(node.slice, scope)
        if isinstance(owner, ArrayOf):
            self.log.counts_rows = self.log.counts_rows or _names_rows(index)
            return item(owner, index)
        if isinstance(owner, list | tuple | dict | str | range):
            try:
                return owner[index] if is_known(index) or isinstance(index, slice) else self._one_of(owner)
            except Exception:  # noqa: BLE001 - as above
                return self._one_of(owner)
        if isinstance(owner, Made) and owner.library.path.startswith("sklearn.table."):
            return {"data": owner.args[0], "target": owner.args[1]}.get(index, UNKNOWN)
        if isinstance(owner, TensorOf):
            return TensorOf(owner.origin, owner.input_shape, None)
        return UNKNOWN

    def _one_of(self, owner: Any) -> Any:
        """One item, nobody knows which: of models, what is done to it is not known of any of them."""
        models = holds_model(owner)
        return Unknown("one of several models") if models else UNKNOWN

    def index(self, node: ast.expr, scope: Scope) -> Any:
        """What stands in square brackets."""
        if isinstance(node, ast.Slice):
            ends = [None if end is None else self.evaluate(end, scope) for end in (node.lower, node.upper, node.step)]
            return slice(*ends)
        if isinstance(node, ast.Tuple):
            return tuple(self.index(part, scope) for part in node.elts)
        return self.evaluate(node, scope)

    def _namedexpr(self, node: ast.NamedExpr, scope: Scope) -> Any:
        value = self.evaluate(node.value, scope)
        scope.names[node.target.id] = value
        return value

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, scope: Scope) -> Any:
        inner = Scope(outer=scope)
        generator, *more = node.generators
        values = self.items_of(self.evaluate(generator.iter, scope))
        kept = None if values is None or more else self._filtered(values, generator, inner)
        if kept is None:
            with self.doubting("how often a comprehension runs, only a run shows"):
                for one in node.generators:
                    self.evaluate(one.iter, inner)
                    self.bind(one.target, UNKNOWN, inner)
                self.evaluate(node.elt, inner)
            return UNKNOWN
        found = []
        for value in kept:
            self.bind(generator.target, value, inner)
            found.append(self.evaluate(node.elt, inner))
        return found

    def _filtered(self, values: list[Any], generator: ast.comprehension, scope: Scope) -> list[Any] | None:
        """The items that a comprehension's conditions leave; None where that is not known."""
        kept = []
        for value in values:
            self.bind(generator.target, value, scope)
            tests = [self.evaluate(test, scope) for test in generator.ifs]
            if not all(map(is_known, tests)):
                return None
            if all(tests):
                kept.append(value)
        return kept

    _generatorexp = _listcomp
    _setcomp = _listcomp

    def _dictcomp(self, node: ast.DictComp, scope: Scope) -> Any:
        inner = Scope(outer=scope)
        generator, *more = node.generators
        values = self.items_of(self.evaluate(generator.iter, scope))
        if values is None or more or generator.ifs:
            with self.doubting("how often a comprehension runs, only a run shows"):
                self.bind(generator.target, UNKNOWN, inner)
                self.evaluate(node.value, inner)
            return UNKNOWN
        found = {}
        for value in values:
            self.bind(generator.target, value, inner)
            key = self.evaluate(node.key, inner)
            if not is_plain(key):
                return UNKNOWN
            found[key] = self.evaluate(node.value, inner)
        return found

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        if isinstance(node.func, ast.Attribute) and _is_super(node.func.value):
            return self._super(node, scope)
        function = self.evaluate(node.func, scope)
        args = self._items(node.args, scope)
        kwargs: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
                kwargs |= value
            else:
                kwargs |= dict.fromkeys(TRAINING_WORDS, UNKNOWN)
        return self.call(function, args, kwargs)

    def items_of(self, value: Any) -> list[Any] | None:
        """The items that a loop goes over; None where they are not known, or too many."""
        if isinstance(value, dict):
            value = list(value)
        if isinstance(value, list | tuple | range | str) and len(value) <= 200:
            return list(value)
        return None

    def _super(self, node: ast.Call, scope: Scope) -> Any:
        assert isinstance(node.func, ast.Attribute)  # noqa: S101 - as the caller has seen
        args = self._items(node.args, scope)
        kwargs = {word.arg: self.evaluate(word.value, scope) for word in node.keywords if word.arg is not None}
        found = scope.find("__class_of_method__")
        owner = found.names["__class_of_method__"] if found is not None else None
        self_scope = scope.find("__self__")
        me = self_scope.names["__self__"] if self_scope is not None else None
        if isinstance(owner, ClassOf) and isinstance(me, InstanceOf):
            for base in owner.bases:
                method = base.find(node.func.attr) if isinstance(base, ClassOf) else None
                if isinstance(method, FunctionOf):
                    return self.call_function(
                        FunctionOf(method.node, method.scope, me, method.defaults, False, method.owner), args, kwargs
                    )
        if node.func.attr == "__init__" and isinstance(me, InstanceOf) and me.model is not None:
            positional = [one for one in args if isinstance(one, TensorOf | list)]
            if positional or {"inputs", "outputs", "layers"} & set(kwargs):
                me.model.lose("how it is built is not followed")
        return UNKNOWN

    def bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Assigns a value to a name, an item or an attribute."""
        raise NotImplementedError


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _is_small(sign: str, left: Any, right: Any) -> bool:
    """Whether what an operator gives is small enough to be followed, before it is worked out."""
    if sign == "**":
        return isinstance(right, int | float) and abs(right) <= _LARGEST_POWER
    if sign == "%" and isinstance(left, str):
        return False
    lengths = [len(one) for one in (left, right) if isinstance(one, str | list | tuple)]
    counts = [abs(one) for one in (left, right) if isinstance(one, int)]
    return sign != "*" or not lengths or not counts or lengths[0] * counts[0] <= MAX_ITEMS


def _names_rows(index: Any) -> bool:
    """Whether an index cuts at a number of rows, not of a few columns or pixels."""
    parts = index if isinstance(index, tuple) else (index,)
    ends = [end for part in parts if isinstance(part, slice) for end in (part.start, part.stop)]
    return any(isinstance(end, int) and abs(end) >= FEWEST_ROWS for end in ends)
