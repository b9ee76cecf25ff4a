"""Follows statements: assignments, branches, loops, functions, classes, imports."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from grader.architecture.forms import LAYERS
from grader.cell_names import names_in
from grader.selfcheck.reading.arguments import bind_arguments, defaults_of, has_return, is_generator
from grader.selfcheck.reading.expressions import Expressions
from grader.selfcheck.reading.layers import activation_of
from grader.selfcheck.reading.libraries import canonical
from grader.selfcheck.reading.state import MAX_DEPTH, Raised, works_on_models
from grader.selfcheck.reading.values import (
    UNKNOWN,
    ArrayOf,
    ClassOf,
    FunctionOf,
    InstanceOf,
    LayerOf,
    Library,
    Made,
    ModelOf,
    Scope,
    holds_model,
    is_known,
)

_TRANSPARENT = frozenset(
    {"function", "register_keras_serializable", "staticmethod", "override", "jit", "cache", "wraps"}
)
_KNOWN_TOPS = frozenset(
    [
        "numpy",
        "matplotlib",
        "seaborn",
        "pandas",
        "sklearn",
        "scipy",
        "keras",
        "tensorflow",
        "tqdm",
        "IPython",
        "ipywidgets",
        "mpl_toolkits",
    ]
)
"""What an import can be sure to find wherever the notebook is graded, beside Python's own library."""


class Return(Exception):  # noqa: N818 - a signal
    """A function gives a value."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class LoopEnds(Exception):  # noqa: N818 - a signal
    """``break`` or ``continue``."""

    def __init__(self, *, breaks: bool) -> None:
        super().__init__()
        self.breaks = breaks


class Statements(Expressions):
    """The whole of the reading."""

    def run(self, statements: Sequence[ast.stmt], scope: Scope) -> None:
        """Follows statements in order.

        Raises:
            Raised: They surely raise.
        """
        for statement in statements:
            self.step()
            reader = getattr(self, f"_run_{type(statement).__name__.lower()}", None)
            if reader is None:
                self._skip(statement, scope, "this kind of statement is not followed")
            else:
                reader(statement, scope)
            if scope is self.notebook:
                self.named |= names_in(statement).bound

    def _skip(self, statement: ast.stmt, scope: Scope, why: str) -> None:
        if works_on_models(statement):
            self.lose_sight(why)
        self.forget(names_in(statement).bound | names_in(statement).changed, scope, why)

    def forget(self, names: frozenset[str], scope: Scope, why: str) -> None:
        """The names hold something unknown from here on."""
        for name in names:
            old = scope.find(name)
            if old is not None and old.names[name] is not UNKNOWN and holds_model(old.names[name]):
                self.lose_sight(why)
            (old or scope).names[name] = UNKNOWN

    def _run_expr(self, node: ast.Expr, scope: Scope) -> None:
        self.evaluate(node.value, scope)

    def _run_assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.evaluate(node.value, scope)
        for target in node.targets:
            self.bind(target, value, scope)

    def _run_annassign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value, scope), scope)

    def _run_augassign(self, node: ast.AugAssign, scope: Scope) -> None:
        load = ast.copy_location(_as_load(node.target), node)
        old = self.evaluate(load, scope)
        self.bind(node.target, self.binary(old, self.evaluate(node.value, scope), node.op), scope)

    def bind(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Assigns a value to a name, an item or an attribute."""
        if isinstance(target, ast.Name):
            self._bind_name(target.id, value, scope)
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value, scope)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, UNKNOWN, scope)
        elif isinstance(target, ast.Subscript):
            self._set_item(target, value, scope)
        elif isinstance(target, ast.Attribute):
            self._set_attribute(self.evaluate(target.value, scope), target.attr, value)

    def _bind_name(self, name: str, value: Any, scope: Scope) -> None:
        where = self.notebook if name in scope.shared else scope
        where.names[name] = value
        if where is self.notebook:
            for model in holds_model(value, depth=0):
                model.names.add(name)

    def _unpack(self, targets: Sequence[ast.expr], value: Any, scope: Scope) -> None:
        whole = isinstance(value, list | tuple) and len(value) == len(targets)
        if isinstance(value, ArrayOf) and value.shape:
            value, whole = [ArrayOf(value.shape[1:]) if len(value.shape) > 1 else UNKNOWN] * len(targets), True
        if any(isinstance(target, ast.Starred) for target in targets):
            whole = False
        if not whole:
            self.given_away([value], "which model goes under which name is not known")
        for number, target in enumerate(targets):
            self.bind(target, value[number] if whole else UNKNOWN, scope)

    def _set_item(self, target: ast.Subscript, value: Any, scope: Scope) -> None:
        owner, index = self.evaluate(target.value, scope), self.index(target.slice, scope)
        if isinstance(owner, dict | list) and not self.doubt and is_known(index) and not isinstance(index, list | dict):
            try:
                owner[index] = value
            except Exception:  # noqa: BLE001 - what it raises, a run shows
                self.given_away([owner, value], "where a model is kept is not known")
            return
        if isinstance(owner, ArrayOf) and isinstance(target.value, ast.Name):
            self.bind(target.value, ArrayOf(owner.shape), scope)
            return
        self.given_away([owner, value], "where a model is kept is not known")

    def _set_attribute(self, owner: Any, name: str, value: Any) -> None:
        if isinstance(owner, InstanceOf):
            if self.doubt and holds_model([value, owner]):
                self.lose_sight(self.doubt)
            owner.attributes[name] = value
        elif isinstance(owner, ModelOf):
            if owner.instance is not None:
                owner.instance.attributes[name] = value
            elif name not in {"trainable", "stop_training", "optimizer"}:
                self.given_away([owner], f"what setting .{name} does to a model is not followed")
        elif isinstance(owner, LayerOf):
            value = activation_of(value) if name == "activation" else value
            if not owner.is_used and name in owner.record.config and isinstance(value, int | float | str):
                owner.record = owner.record.model_copy(update={"config": {**owner.record.config, name: value}})
            else:
                owner.known = owner.known and name == "trainable"
        elif not isinstance(owner, Made):
            self.given_away([value], "where a model is kept is not known")

    def _run_delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and (found := scope.find(target.id)) is not None:
                found.names[target.id] = UNKNOWN
            if isinstance(target, ast.Subscript):
                self._delete_item(self.evaluate(target.value, scope), self.index(target.slice, scope))

    def _delete_item(self, owner: Any, index: Any) -> None:
        if isinstance(owner, list | dict) and not self.doubt and isinstance(index, int | str | slice):
            try:
                del owner[index]  # type: ignore[arg-type]
            except (LookupError, TypeError):
                self.given_away([owner], "which item is deleted is not known")
        else:
            self.given_away([owner], "which item is deleted is not known")

    def _run_pass(self, _node: ast.Pass, _scope: Scope) -> None:
        return

    def _run_assert(self, _node: ast.Assert, _scope: Scope) -> None:
        return

    def _run_nonlocal(self, _node: ast.Nonlocal, _scope: Scope) -> None:
        return

    def _run_global(self, node: ast.Global, scope: Scope) -> None:
        scope.shared |= set(node.names)

    def _run_return(self, node: ast.Return, scope: Scope) -> None:
        value = None if node.value is None else self.evaluate(node.value, scope)
        if self.doubt and self.depth:
            self.given_away([value], self.doubt)
            value = UNKNOWN
        raise Return(value)

    def _run_break(self, _node: ast.Break, _scope: Scope) -> None:
        raise LoopEnds(breaks=True)

    def _run_continue(self, _node: ast.Continue, _scope: Scope) -> None:
        raise LoopEnds(breaks=False)

    def _run_raise(self, node: ast.Raise, _scope: Scope) -> None:
        if self.doubt or self.depth:
            return
        name = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        raise Raised(name.id if isinstance(name, ast.Name) else "Exception", "it is raised on purpose")

    def _run_if(self, node: ast.If, scope: Scope) -> None:
        test = self.evaluate(node.test, scope)
        if is_known(test):
            self.run(node.body if test else node.orelse, scope)
            return
        self._maybe([node.body, node.orelse], scope, "whether a branch is taken, only a run shows")

    def _maybe(self, bodies: Sequence[Sequence[ast.stmt]], scope: Scope, why: str) -> None:
        """Bodies of which nobody knows whether, or how often, they run."""
        with self.doubting(why):
            for body in bodies:
                try:
                    self.run(body, scope)
                except (Raised, LoopEnds, Return):
                    continue
        bound = frozenset().union(*(names_in(statement).bound for body in bodies for statement in body))
        for name in bound:
            found = scope.find(name)
            if found is not None and not isinstance(found.names[name], FunctionOf | ClassOf | Library):
                found.names[name] = UNKNOWN

    def _run_for(self, node: ast.For, scope: Scope) -> None:
        values = self.items_of(self.evaluate(node.iter, scope))
        if values is None or (len(values) > 12 and self.depth == 0 and _is_long(node)):
            self.bind(node.target, UNKNOWN, scope)
            self._maybe([node.body], scope, "how often a loop runs, only a run shows")
            return
        for value in values:
            self.bind(node.target, value, scope)
            try:
                self.run(node.body, scope)
            except LoopEnds as end:
                if self.doubt:
                    continue
                if end.breaks:
                    return
        self.run(node.orelse, scope)

    def _run_while(self, node: ast.While, scope: Scope) -> None:
        self.lasting_doubt = "it follows a loop of which only a run shows how it ends"
        self._maybe([node.body, node.orelse], scope, "how often a loop runs, only a run shows")

    def _run_with(self, node: ast.With, scope: Scope) -> None:
        for one in node.items:
            value = self.evaluate(one.context_expr, scope)
            if one.optional_vars is not None:
                self.bind(one.optional_vars, value if isinstance(value, Made) else UNKNOWN, scope)
        self.run(node.body, scope)

    def _run_try(self, node: ast.Try, scope: Scope) -> None:
        before, lasting = self.doubt, self.lasting_doubt
        try:
            self.run(node.body, scope)
        except Raised:
            self._maybe([handler.body for handler in node.handlers], scope, "what follows an error is not followed")
        else:
            if self.doubt != before:
                self.forget(frozenset().union(*(names_in(one).bound for one in node.body)), scope, self.doubt)
                self._maybe([handler.body for handler in node.handlers], scope, self.doubt)
            self.run(node.orelse, scope)
        self.doubt, self.lasting_doubt = before, lasting
        self.run(node.finalbody, scope)

    def _run_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        decorators = [self.evaluate(one, scope) for one in node.decorator_list]
        names = [_decorator(one) for one in decorators]
        defaults = defaults_of(node.args, lambda one: self.evaluate(one, scope))
        opaque = any(name not in _TRANSPARENT for name in names)
        scope.names[node.name] = FunctionOf(node, scope, defaults=defaults, opaque=opaque)

    _run_asyncfunctiondef = _run_functiondef

    def _run_classdef(self, node: ast.ClassDef, scope: Scope) -> None:
        bases = tuple(self.evaluate(one, scope) for one in node.bases)
        inner = Scope(outer=scope)
        self.run(node.body, inner)
        kind = ClassOf(node.name, bases, inner.names)
        for member in inner.names.values():
            if isinstance(member, FunctionOf):
                member.owner, member.scope = kind, scope
        scope.names[node.name] = kind

    def call_function(self, function: FunctionOf, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """What a function of the notebook gives."""
        if function.opaque or self.depth >= MAX_DEPTH or is_generator(function.node):
            if works_on_models(function.node):
                self.lose_sight("what a function does is not followed")
            self.given_away([*args, *kwargs.values()], "what a function does to a model is not followed")
            return UNKNOWN
        inner = Scope(outer=function.scope)
        given = [*([function.bound] if function.bound is not None else []), *args]
        if isinstance(function.bound, InstanceOf):
            inner.names["__self__"] = function.bound
            inner.names["__class_of_method__"] = function.owner or function.bound.kind
        bind_arguments(function, given, kwargs, scope=inner)
        self.depth += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self.evaluate(function.node.body, inner)
            self.run(function.node.body, inner)
        except Return as signal:
            return signal.value
        finally:
            self.depth -= 1
        return None if not has_return(function.node) else UNKNOWN

    def _run_import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            self._finds(alias.name)
            owner, _, last = alias.name.rpartition(".")
            self.may_be_gone(owner or last, last)
            name = alias.asname or alias.name.partition(".")[0]
            scope.names[name] = Library(canonical(alias.name if alias.asname else alias.name.partition(".")[0]))

    def _run_importfrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = canonical(node.module or "")
        self._finds(module if not node.level else ".")
        for alias in node.names:
            self.may_be_gone(node.module or "", alias.name)
            if alias.name == "*":
                self._import_all(module, scope)
            else:
                found = self.member(Library(module), alias.name)
                scope.names[alias.asname or alias.name] = found if not node.level else UNKNOWN

    def _import_all(self, module: str, scope: Scope) -> None:
        self.any_name = True
        if module in {"keras.layers", "keras.models"}:
            names = [*LAYERS, "Input"] if module == "keras.layers" else ["Sequential", "Model", "load_model"]
            scope.names.update({name: Library(canonical(f"{module}.{name}")) for name in names})
        elif module.partition(".")[0] not in _KNOWN_TOPS:
            self.lose_sight(f"what {module} defines is not known")

    def _finds(self, module: str) -> None:
        top = module.partition(".")[0]
        if top not in _KNOWN_TOPS and top not in sys.stdlib_module_names:
            self.doubt = self.doubt or f"it follows the import of {top or 'a module'}, which may not be there"


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(id=target.id, ctx=ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(value=target.value, attr=target.attr, ctx=ast.Load())
    assert isinstance(target, ast.Subscript)  # noqa: S101 - Python's grammar allows no other
    return ast.Subscript(value=target.value, slice=target.slice, ctx=ast.Load())


def _decorator(value: Any) -> str:
    if isinstance(value, Library):
        return value.name
    return value.library.name if isinstance(value, Made) else ""


def _is_long(node: ast.For) -> bool:
    """Whether following each round of a loop would teach nothing: it builds and trains nothing by itself."""
    return not works_on_models(node)
