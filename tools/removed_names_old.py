"""Reads the public names of an older release from its archive, without installing or importing it."""

from __future__ import annotations

import ast
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PUBLIC_NAMES_OF_FOLDERS = (
    (re.compile(r"^tensorflow_core\b"), "tensorflow"),
    (re.compile(r"^tensorflow\._api\.v[12]\.v[12]$"), "tensorflow"),
    (re.compile(r"^tensorflow\._api\.v[12]\."), "tensorflow."),
    (re.compile(r"^keras\.api\._v2\.keras\b"), "tensorflow.keras"),
    (re.compile(r"^tensorflow\.python\.keras\.api\._v[12]\.keras\b"), "tensorflow.keras"),
)
"""Folders of generated modules and the name under which they are imported."""

PRIVATE = re.compile(
    r"(^|\.)(_|tests?\b|testing\b|setup$|conftest$|benchmarks?\b|src\b|externals\.|cython|compat\b|sphinxext|api\b)"
    r"|^tensorflow\.(python|core|compiler|tools|include|lite|examples|contrib\.|dtensor|xla_aot|raw_ops|tsl)"
)
"""Modules that nobody is meant to import."""

PASSED_OVER = re.compile(
    r"^(docs|mpl_toolkits)\b|^keras\.(integration_test|keras_parameterized|distribute|dtensor|feature_column|mixed_pre)"
    r"|^numpy\.(core|lib|distutils|f2py|typing|matrixlib|dual|version|ctypeslib|array_api)\b|^scipy\.\w+\.\w+"
    r"|^pandas\.(core|util|compat|plotting|formats|computation|arrays|errors|types|indexes|sparse)\b"
    r"|^pandas\.io\.(formats|clipboard|excel|json|parsers|pytables|sas|msgpack|packers|common|date_converters)\b"
    r"|^sklearn\.(utils|externals)\.|^sklearn\.(\w+\.)*(base|setup)$"
    r"|^matplotlib\.(backends?\b|mathtext|rcsetup|cbook|textpath|dviread|docstring|fontconfig|type1font|afm|tight_|legend_"
    r"|delaunay|projections|tri\b|compat|pyparsing|transforms|path\b|spines|blocking|backend_|bezier|hatch|sankey|category)"
)
"""Modules whose names do not occur in notebooks, but in libraries."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """What the text of one module binds."""

    definitions: dict[str, ast.AST | None] = field(default_factory=dict)
    links: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    lists_all: bool = False

    @property
    def starred(self) -> set[str]:
        """What ``import *`` takes of the names that the module itself makes."""
        return set(self.listed) if self.lists_all else self.listed | set(self.definitions)


@dataclass(frozen=True)
class Found:
    """One public name: module, function, class or attribute, where it is defined."""

    kind: str
    module: str
    node: ast.AST | None = None


@dataclass
class Surface:
    """The public names of one release, as plain data.

    Attributes:
        names: Module to names to kind and place of definition (``module:name``).
        functions: Place of definition to the function's arguments.
        classes: Place of definition to members: kind and arguments.
    """

    version: str
    names: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    functions: dict[str, list[str]] = field(default_factory=dict)
    classes: dict[str, dict[str, tuple[str, list[str]]]] = field(default_factory=dict)

    def taken(self, kind: str, place: str) -> set[str]:
        """The arguments of a function, or of a class's constructor."""
        if kind == "class":
            return set(self.classes[place].get("__init__", ("", []))[1])
        return set(self.functions.get(place, ()))


class Release:
    """One older release, read from its archive."""

    def __init__(self, archive: Path) -> None:
        self.version = re.split(r"-", archive.name.removesuffix(".tar.gz"))[1]
        self.texts: dict[str, str] = {}
        self.packages: set[str] = set()
        self.modules: dict[str, Module] = {}
        for path, text in _texts(archive):
            parts = path.removesuffix(".py").split("/")
            name = public_name(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
            if parts[-1] == "__init__":
                self.packages.add(name)
            # Two files of one public name (v2.py and __init__.py of TensorFlow) add up.
            self.texts[name] = f"{self.texts.get(name, '')}\n{text}"

    def surface(self) -> Surface:
        """The release's public names."""
        surface = Surface(self.version)
        for module in self.public_modules():
            surface.names[module] = {}
            for name, found in self.names(module).items():
                place = f"{found.module}:{getattr(found.node, 'name', name)}"
                surface.names[module][name] = (found.kind, place)
                if found.kind == "function":
                    surface.functions[place] = arguments(found.node)
                elif found.kind == "class" and place not in surface.classes:
                    members = self.members(found).items()
                    surface.classes[place] = {name: (_member_kind(node), arguments(node)) for name, node in members}
        return surface

    def public_modules(self) -> Iterator[str]:
        """The modules that users import."""
        for name in sorted(self.texts):
            if not PRIVATE.search(name) and not PASSED_OVER.search(name):
                yield name

    def module(self, name: str) -> Module:
        """What a module binds; nothing where its text is no Python of today."""
        if name not in self.modules:
            self.modules[name] = _read(self.texts.get(name, ""), package=self._package(name))
        return self.modules[name]

    def _package(self, name: str) -> str:
        return name if name in self.packages else name.rpartition(".")[0]

    def names(self, module: str) -> dict[str, Found]:
        """The public names of a module: what it lists, else what it defines, and in a package what it gathers."""
        bound = self.module(module)
        names = set(bound.listed) or set(bound.definitions)
        if module in self.packages or module == "keras.models":
            names |= set(bound.definitions) | set(bound.links) | self._starred(module, seen=set())
        found = {name: self.find(module, name) for name in sorted(names) if not name.startswith("_")}
        return {name: where for name, where in found.items() if where is not None}

    def _starred(self, module: str, *, seen: set[str]) -> set[str]:
        if module in seen:
            return set()
        seen.add(module)
        names: set[str] = set()
        for source in self.module(module).stars:
            bound = self.module(source)
            names |= bound.starred
            if not bound.lists_all and (source in self.packages or source.endswith("api")):
                names |= set(bound.links)
            if not bound.lists_all:
                names |= self._starred(source, seen=seen)
        return names

    def find(  # noqa: PLR0911  # one way a statement
        self, module: str, name: str, *, seen: frozenset[tuple[str, str]] = frozenset()
    ) -> Found | None:
        """Where a module's name is defined; None where it comes from another distribution."""
        if (module, name) in seen or len(seen) > 30:
            return None
        seen |= {(module, name)}
        bound = self.module(module)
        if name in bound.definitions:
            node = bound.definitions[name]
            if isinstance(node, ast.Name) and node.id != name:
                return self.find(module, node.id, seen=seen) or Found("attribute", module)
            return Found(_kind(node), module, node)
        if name in bound.links:
            return self._linked(*bound.links[name], seen=seen)
        for source in bound.stars:
            if source in self.texts and (found := self.find(source, name, seen=seen)):
                return found
        if f"{module}.{name}" in self.texts:
            return Found("module", f"{module}.{name}")
        return Found("attribute", module) if name in bound.listed else None

    def _linked(self, module: str, name: str | None, *, seen: frozenset[tuple[str, str]]) -> Found | None:
        module = public_name(module)
        if module == "builtins":
            return Found("attribute", module)
        if name is None:
            return Found("module", module) if module in self.texts else None
        if f"{module}.{name}" in self.texts:
            return Found("module", f"{module}.{name}")
        return self.find(module, name, seen=seen) if module in self.texts else None

    def bases(self, found: Found) -> Iterator[Found]:
        """A class and those that it inherits from, as far as this release defines them."""
        waiting, seen = [found], set()
        while waiting:
            at = waiting.pop(0)
            if not isinstance(at.node, ast.ClassDef) or (at.module, at.node.name) in seen:
                continue
            seen.add((at.module, at.node.name))
            yield at
            for base in at.node.bases:
                if isinstance(base, ast.Name):
                    waiting += filter(None, [self.find(at.module, base.id)])
                elif isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name):
                    owner = self.find(at.module, base.value.id)
                    if owner is not None and owner.kind == "module":
                        waiting += filter(None, [self.find(owner.module, base.attr)])

    def members(self, found: Found) -> dict[str, Function | None]:
        """A class's public methods and attributes, inherited ones too; with the function where it is one."""
        members: dict[str, Function | None] = {}
        for at in self.bases(found):
            for name, node in _class_members(at.node):
                if not name.startswith("_") or name == "__init__":
                    members.setdefault(name, node)
        return members


def public_name(module: str) -> str:
    """The name under which a module is imported."""
    for pattern, name in PUBLIC_NAMES_OF_FOLDERS:
        module = pattern.sub(name, module)
    return module


def arguments(node: ast.AST | None) -> list[str]:
    """The names of a function's arguments."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return []
    spec = node.args
    names = {argument.arg for argument in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)}
    return sorted(name for name in names - {"self", "cls"} if not name.startswith("_"))


def _member_kind(node: Function | None) -> str:
    decorators = "" if node is None else " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
    if "property" in decorators or "cache_readonly" in decorators:
        return "property"
    return "attribute" if node is None else "method"


def _texts(archive: Path) -> Iterator[tuple[str, str]]:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for path in wheel.namelist():
                if path.endswith(".py") and "/tests/" not in path:
                    yield path, wheel.read(path).decode(errors="replace")
        return
    with tarfile.open(archive) as source:
        for member in source:
            inside = member.name.partition("/")[2]
            if inside.startswith("keras/") and inside.endswith(".py") and (stream := source.extractfile(member)):
                yield inside, stream.read().decode(errors="replace")


def _read(text: str, *, package: str) -> Module:
    module = Module()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return module
    for statement in _flat(tree.body):
        _bind(statement, module, package=package)
    return module


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module's level, those within conditions too."""
    for statement in body:
        yield statement
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                yield from _flat(getattr(statement, name, []))
        for handler in getattr(statement, "handlers", []):
            yield from _flat(handler.body)


def _bind(statement: ast.stmt, module: Module, *, package: str) -> None:  # noqa: C901, PLR0912  # a case a statement
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AsyncFunctionDef(name=name):
            module.definitions[name] = statement
        case ast.ImportFrom(module="__future__"):
            pass
        case ast.ImportFrom(module=source, names=names, level=level):
            base = ".".join(package.split(".")[: len(package.split(".")) - level + 1]) if level else ""
            path = ".".join(filter(None, [base, source]))
            for alias in names:
                if alias.name == "*":
                    module.stars.append(public_name(path))
                else:
                    module.links[alias.asname or alias.name] = (path, alias.name)
        case ast.Import(names=names):
            for alias in names:
                if alias.asname:
                    module.links[alias.asname] = (alias.name, None)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                _assign(target, value, module)
        case ast.AnnAssign(target=target, value=value):
            _assign(target, value, module)
        case ast.AugAssign(target=ast.Name(id="__all__"), value=value):
            module.listed |= _strings(value)
            module.lists_all &= isinstance(value, ast.List | ast.Tuple)
        case ast.Delete(targets=targets):
            for target in targets:
                if isinstance(target, ast.Name):
                    module.definitions.pop(target.id, None)
                    module.links.pop(target.id, None)


def _assign(target: ast.expr, value: ast.expr | None, module: Module) -> None:
    if isinstance(target, ast.Name):
        if target.id == "__all__":
            module.listed |= _strings(value)
            module.lists_all = isinstance(value, ast.List | ast.Tuple)
        elif target.id not in module.definitions or not isinstance(value, ast.Name):
            module.definitions.setdefault(target.id, value)
    elif isinstance(target, ast.Tuple):
        for part in target.elts:
            _assign(part, None, module)


def _strings(value: ast.expr | None) -> set[str]:
    nodes = ast.walk(value) if isinstance(value, ast.List | ast.Tuple | ast.BinOp) else ()
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _class_members(node: ast.AST | None) -> Iterator[tuple[str, Function | None]]:
    for statement in _flat(node.body if isinstance(node, ast.ClassDef) else []):
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, statement
                for inner in ast.walk(statement):
                    if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and _is_self(inner.value):
                        yield inner.attr, None
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name, None
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name, None


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _kind(node: ast.AST | None) -> str:
    if isinstance(node, ast.ClassDef):
        return "class"
    return "function" if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) else "attribute"
