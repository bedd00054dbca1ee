"""Takes classes and functions out of the studio's own files, with all that they need, so that they stand alone."""

from __future__ import annotations

import ast
import copy
import importlib
import inspect
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

Import = tuple[str, str, str]
"""(module, name or "", alias or ""): `from module import name as alias`, or `import module as alias`."""

_STUDIO = "mtlstudio."
_REMARKS = re.compile(r"\s+# (?:type: ignore|noqa)\b[^\n]*$")


class NoSource(Exception):
    """A name whose source cannot be taken out; the text says which."""


@dataclass(frozen=True)
class _File:
    """A module's top level.

    Attributes:
        lines: of its text.
        defined: name -> the statement that defines it.
        imported: name -> where it comes from.
        words: all names in it, those within functions too.
    """

    lines: list[str]
    defined: dict[str, ast.stmt]
    imported: dict[str, Import]
    words: frozenset[str]


class Sources:
    """Definitions taken out so far, in an order in which they can stand.

    Args:
        taken: names that they must not have.
        met: (module, function) -> the values that its `match` met; the other cases are left out.

    Attributes:
        imports: what they need of other packages.
    """

    def __init__(
        self, taken: Collection[str] = (), met: Mapping[tuple[str, str], Collection[object]] | None = None
    ) -> None:
        self.imports: set[Import] = set()
        self._met = met or {}
        self._taken = set(taken)
        self._names: dict[tuple[str, str], str] = {}
        self._texts: list[tuple[str, str]] = []

    @property
    def texts(self) -> list[str]:
        """The definitions, each after those that it needs."""
        return [text for _name, text in self._texts]

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [name for name, _text in self._texts]

    def add(self, module: str, name: str) -> str:
        """Takes out a definition with all that it needs.

        Returns:
            the name that it has in the new place.

        Raises:
            NoSource: it stands nowhere at the top level of a file.
        """
        key = (module, name)
        if key in self._names:
            return self._names[key]
        file = _file(module)
        if name not in file.defined:
            if name in file.imported and file.imported[name][0].startswith(_STUDIO):
                return self.add(file.imported[name][0], file.imported[name][1])
            raise NoSource(f"{module}.{name}")
        plain = name.lstrip("_")
        self._names[key] = public = self._free(plain if plain and plain not in file.words else name)
        node, dropped = _without_cases(file.defined[name], self._met.get(key))
        uses = list(_uses(node, file))
        renamed = {used: self._needed(module, used, file) for used in {use.id for use in uses}}
        self._imports_within(node, uses)
        self._texts.append((public, _text(file, node, [(use, renamed[use.id]) for use in uses], name, public, dropped)))
        return public

    def _needed(self, module: str, name: str, file: _File) -> str:
        if name in file.defined:
            return self.add(module, name)
        found = file.imported.get(name)
        if found is None:
            return name
        if found[0].startswith(_STUDIO):
            return self.add(found[0], found[1])
        if name != "TYPE_CHECKING":
            self.imports.add(found)
        return name

    def _imports_within(self, node: ast.stmt, uses: list[ast.Name]) -> None:
        """Imports inside of functions move to the top."""
        for part in ast.walk(node):
            if isinstance(part, ast.Import | ast.ImportFrom):
                for name, found in _imports(part).items():
                    if found[0].startswith(_STUDIO):
                        raise NoSource(f"{found[0]}.{name}")
                    self.imports.add(found)

    def _free(self, name: str) -> str:
        chosen, number = name, 1
        while chosen in self._taken:
            number += 1
            chosen = f"{name}_{number}"
        self._taken.add(chosen)
        return chosen


@cache
def _file(module: str) -> _File:
    text = inspect.getsource(importlib.import_module(module))
    tree = ast.parse(text)
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, Import] = {}
    for node in _top_level(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            imported |= _imports(node)
        elif isinstance(node, ast.Assign) and all(isinstance(target, ast.Name) for target in node.targets):
            defined.update({target.id: node for target in node.targets if isinstance(target, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            defined[node.target.id] = node
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    words |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return _File(text.splitlines(), defined, imported, frozenset(words))


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in tree.body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from node.body
        else:
            yield node


def _imports(node: ast.Import | ast.ImportFrom) -> dict[str, Import]:
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return {name.asname or name.name: (module, name.name, name.asname or "") for name in node.names}
    return {(name.asname or name.name).split(".")[0]: (name.name, "", name.asname or "") for name in node.names}


def _uses(node: ast.stmt, file: _File) -> Iterator[ast.Name]:
    """The names in a definition that mean something of its file's top level."""

    def visit(part: ast.AST, hidden: frozenset[str]) -> Iterator[ast.Name]:
        if isinstance(part, ast.FunctionDef | ast.Lambda):
            inner = hidden | _bound(part)
            for outside in (*part.args.defaults, *(item for item in part.args.kw_defaults if item is not None)):
                yield from visit(outside, hidden)
            for argument in ast.walk(part.args):
                if isinstance(argument, ast.arg) and argument.annotation is not None:
                    yield from visit(argument.annotation, hidden)
            if isinstance(part, ast.Lambda):
                yield from visit(part.body, inner)
                return
            for outside in (*part.decorator_list, *([part.returns] if part.returns is not None else [])):
                yield from visit(outside, hidden)
            for statement in part.body:
                yield from visit(statement, inner)
            return
        if (
            isinstance(part, ast.Name)
            and part.id not in hidden
            and (part.id in file.defined or part.id in file.imported)
        ):
            yield part
        for child in ast.iter_child_nodes(part):
            yield from visit(child, hidden)

    own = {target.id for target in getattr(node, "targets", []) if isinstance(target, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        own.add(node.target.id)
    yield from (use for use in visit(node, frozenset()) if use.id not in own)


def _bound(function: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """Names that are a function's own: arguments, what it assigns, what it imports."""
    names = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    if isinstance(function, ast.FunctionDef):
        for statement in function.body:
            for part in ast.walk(statement):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    names.add(part.id)
                elif isinstance(part, ast.FunctionDef):
                    names.add(part.name)
                elif isinstance(part, ast.Import | ast.ImportFrom):
                    names.update(_imports(part))
    return frozenset(names)


@cache
def switch_of(module: str, function: str) -> str | None:
    """The parameter that a function of the studio consists of a `match` on; None for other functions."""
    node = _file(module).defined.get(function)
    switch = _switch(node) if node is not None else None
    return switch.subject.id if switch is not None and isinstance(switch.subject, ast.Name) else None


def _switch(node: ast.stmt) -> ast.Match | None:
    if not isinstance(node, ast.FunctionDef):
        return None
    return next((part for part in node.body if isinstance(part, ast.Match) and all(map(_values_of, part.cases))), None)


def _values_of(case: ast.match_case) -> list[object]:
    """The plain values that a case stands for; none for any other pattern."""
    patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
    if case.guard is not None or not all(isinstance(part, ast.MatchValue) for part in patterns):
        return []
    values = [part.value for part in patterns if isinstance(part, ast.MatchValue)]
    return [value.value for value in values if isinstance(value, ast.Constant)]


def _without_cases(node: ast.stmt, met: Collection[object] | None) -> tuple[ast.stmt, frozenset[int]]:
    """The definition without the cases that were never met, and the lines (from 0) that these stood in."""
    switch = _switch(node)
    if switch is None or met is None:
        return node, frozenset()
    kept = [case for case in switch.cases if any(value in met for value in _values_of(case))]
    dropped: set[int] = set()
    for case in switch.cases:
        if case not in kept and kept:
            dropped.update(range(case.pattern.lineno - 1, case.body[-1].end_lineno or case.pattern.lineno))
    if not kept:
        return node, frozenset()
    assert isinstance(node, ast.FunctionDef)
    shorter = ast.Match(switch.subject, kept)
    body = [ast.copy_location(shorter, switch) if part is switch else part for part in node.body]
    copied = copy.copy(node)
    copied.body = body
    return copied, frozenset(dropped)


def _text(
    file: _File, node: ast.stmt, uses: list[tuple[ast.Name, str]], name: str, public: str, without: frozenset[int]
) -> str:  # fmt: skip
    """The lines of a definition, names changed, without imports inside of it and remarks to checkers."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    last = node.end_lineno or node.lineno
    lines = [line.encode() for line in file.lines[:last]]
    edits = [(use.lineno - 1, use.col_offset, use.id, new) for use, new in uses if use.id != new]
    for line, column, old, new in sorted(set(edits), reverse=True):
        lines[line] = lines[line][:column] + new.encode() + lines[line][column + len(old.encode()) :]
    while first > 0 and file.lines[first - 1].startswith("# "):
        first -= 1
    dropped = _import_lines(node, file.lines) | without
    kept = [_REMARKS.sub("", lines[index].decode()) for index in range(first, last) if index not in dropped]
    text = "\n".join(kept)
    if name != public:
        text = re.sub(rf"^((?:def|class) )?{re.escape(name)}\b", rf"\g<1>{public}", text, count=1, flags=re.MULTILINE)
    return text


def _import_lines(node: ast.stmt, lines: list[str]) -> set[int]:
    dropped: set[int] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Import | ast.ImportFrom):
            dropped.update(range(part.lineno - 1, part.end_lineno or part.lineno))
    for index in sorted(dropped):
        if index + 1 not in dropped and index + 1 < len(lines) and not lines[index + 1].strip():
            dropped.add(index + 1)
    return dropped
