"""A project as JSON and back, exactly. Reading finds all faults, and never runs anything."""

from __future__ import annotations

import difflib
import json
import math
import re
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.project.edits import Fragment
from mtlstudio.project.migrations import migrate
from mtlstudio.project.problems import Place, Problem, ProjectFileError, Severity, declare
from mtlstudio.project.settings import DataSettings, MethodSpec, TrainingSettings
from mtlstudio.project.spec import FORMAT, VERSION, InputSpec, ProjectSpec, TaskSpec

MISSING_KEY = declare("file.missing_key", mark("{key!r} is missing."))
UNKNOWN_KEY = declare("file.unknown_key", mark("there is no {key!r}."), mark("Known: {known}."))
MISSPELT_KEY = declare("file.misspelt_key", mark("there is no {key!r}."), mark("Did you mean {closest!r}?"))
NOT_TEXT = declare("file.not_text", mark("expected a text, found {found}."))
NOT_BOOL = declare("file.not_bool", mark("expected true or false, found {found}."))
NOT_WHOLE = declare("file.not_whole", mark("expected a whole number, found {found}."))
NOT_NUMBER = declare("file.not_number", mark("expected a number, found {found}."))
NOT_LIST = declare("file.not_list", mark("expected a list, found {found}."))
NOT_OBJECT = declare("file.not_object", mark("expected an object in braces, found {found}."))
WRONG_COUNT = declare("file.wrong_count", mark("expected a list of {count}, found {found}."))
TOO_DEEP = declare("file.too_deep", mark("lists and objects are nested too deeply."))
NOT_FINITE = declare("file.not_finite", mark("{found} is no finite number."))
BAD_ID = declare("file.bad_id", mark("{found!r} is no id."), mark("Small letters, digits, _ and - are allowed."))

_WRITTEN_WHOLE = (ProjectSpec, InputSpec, TaskSpec, DataSettings, TrainingSettings)
"""What is written with its defaults too, so that a later default changes no project."""

_LEFT_OUT_EMPTY = {
    ProjectSpec: ("task_groups",),
    TaskSpec: ("state", "patience"),
    TrainingSettings: ("start_from", "strategy", "measure_every", "affinity_every"),
}
"""What most projects do not have: written only where it says something."""

__all__ = [
    "ProjectFileError",
    "decode",
    "field_types",
    "fragment_from_json",
    "fragment_to_json",
    "from_json",
    "to_json",
    "to_text",
]

_DEEPEST = 32
_LINE = 120
_ID = re.compile(r"[a-z0-9_-]{1,100}")
_Read = TypeVar("_Read")


def to_json(spec: ProjectSpec) -> dict[str, Any]:
    """The project as JSON values: dictionaries, lists, texts, numbers, booleans, None."""
    return {"format": FORMAT, "version": VERSION, **_written(spec)}


def from_json(values: Any, *, where: str) -> ProjectSpec:
    """The project that JSON values hold; older versions are migrated.

    Args:
        where: the file's name, for the error.

    Raises:
        ProjectFileError: it is no project, a newer version, or has faults; `problems` holds all of them.
    """
    current = migrate(values, where=where)
    body = {key: value for key, value in current.items() if key not in ("format", "version")}
    return _read_whole(ProjectSpec, body, where)


def to_text(values: Any, *, ascii_only: bool = False) -> str:
    """JSON that people and diffs read well: what is small stands on one line, a layer or connection each.

    Raises:
        ValueError: a number is not finite.
    """
    return _text_of(values, 0, not ascii_only) + "\n"


def fragment_to_json(fragment: Fragment) -> dict[str, Any]:
    """Copied layers as JSON values (for the clipboard)."""
    return {"format": f"{FORMAT}-fragment", "version": VERSION, **_written(fragment)}


def fragment_from_json(values: Any) -> Fragment:
    """Copied layers from JSON values; older versions are migrated.

    Raises:
        ProjectFileError: they are something else, or of a newer version.
    """
    if not isinstance(values, dict) or values.get("format") != f"{FORMAT}-fragment":
        raise ProjectFileError(mark("these are no layers"))
    body = {key: value for key, value in values.items() if key not in ("format", "version")}
    # What a migration does to a network it does to a part of one.
    current = migrate({"format": FORMAT, "version": values.get("version"), "network": body})
    return _read_whole(Fragment, current["network"], "")


def decode(hint: Any, value: Any, path: str) -> Any:
    """One value, of the type that a field of the specification declares.

    Raises:
        ProjectFileError: it does not fit; `path` is the place.
    """
    reader = _Reader()
    found = reader.read(hint, value, path)
    reader.raise_faults("")
    return found


def field_types(cls: Any) -> dict[str, Any]:
    """The declared types of a dataclass's fields."""
    return _types(cls)


@cache
def _types(cls: Any) -> dict[str, Any]:
    return get_type_hints(cls)


def _text_of(value: Any, depth: int, raw: bool) -> str:
    line = json.dumps(value, ensure_ascii=not raw, allow_nan=False)
    indent, inner = "  " * depth, "  " * (depth + 1)
    if not value or not isinstance(value, dict | list) or (depth > 1 and len(indent + line) <= _LINE):
        return line
    if isinstance(value, list):
        items = [_text_of(item, depth + 1, raw) for item in value]
        return "[\n" + ",\n".join(f"{inner}{item}" for item in items) + f"\n{indent}]"
    keys = [json.dumps(key, ensure_ascii=not raw) for key in value]
    items = [_text_of(item, depth + 1, raw) for item in value.values()]
    return "{\n" + ",\n".join(f"{inner}{key}: {item}" for key, item in zip(keys, items, strict=True)) + f"\n{indent}}}"


def _read_whole(cls: type[_Read], body: Mapping[str, Any], where: str) -> _Read:
    reader = _Reader()
    found: _Read = reader.read(cls, body, "")
    reader.raise_faults(where)
    return found


def _written(thing: Any) -> dict[str, Any]:
    whole, types_ = isinstance(thing, _WRITTEN_WHOLE), field_types(type(thing))
    left_out = _LEFT_OUT_EMPTY.get(type(thing), ())
    return {
        field.name: _value(getattr(thing, field.name), types_[field.name])
        for field in fields(thing)
        if (whole and field.name not in left_out) or getattr(thing, field.name) != _default(field)
    }


def _value(value: Any, hint: Any = None) -> Any:
    if hint in (float, float | None) and value is not None:
        return float(value)  # 1 and 1.0 are the same project: so are their files
    if isinstance(value, MethodSpec):
        return {"method": value.method, **_value(value.parameters)}
    if is_dataclass(value):
        return _written(value)
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [_value(item) for item in value]
    return value


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


class _Reader:
    """Reads values by declared types and collects every fault; what cannot be read becomes None."""

    def __init__(self) -> None:
        self.faults: list[Problem] = []

    def raise_faults(self, where: str) -> None:
        """Raises ProjectFileError if there were any."""
        if not self.faults:
            return
        shown = [problem.line().removeprefix("file.") for problem in self.faults[:3]]
        more = len(self.faults) - len(shown)
        message = mark("{shown} (and {more} more)") if more else "{shown}"
        raise ProjectFileError(message, where=where, shown=" ".join(shown), more=more, problems=tuple(self.faults))

    def read(self, hint: Any, value: Any, path: str) -> Any:
        """The value as the type `hint`."""
        kind = get_origin(hint) or hint
        if kind in (Union, types.UnionType):
            inner = [arg for arg in get_args(hint) if arg is not type(None)]
            return None if value is None else self.read(inner[0], value, path)
        if kind is tuple:
            return self._tuple(get_args(hint), value, path)
        if kind is frozenset:
            return frozenset(self._tuple((str, ...), value, path) or ())
        if kind is FrozenDict:
            return self._open(value, path) if self._is(value, dict, NOT_OBJECT, path) else None
        if kind is MethodSpec:
            return self._method(value, path)
        if is_dataclass(kind) and isinstance(kind, type):
            return self._dataclass(kind, value, path)
        return _SCALARS[kind](self, value, path)

    def _dataclass(self, cls: type, value: Any, path: str) -> Any:
        if not self._is(value, dict, NOT_OBJECT, path):
            return None
        known = {field.name: field for field in fields(cls)}
        for key in value:
            if key not in known:
                self._unknown(key, known, path)
        found: dict[str, Any] = {}
        before = len(self.faults)
        for name, field in known.items():
            place = f"{path}.{name}" if path else name
            if name in value:
                found[name] = self.read(field_types(cls)[name], value[name], place)
                if name == "id" and isinstance(found[name], str) and not _ID.fullmatch(found[name]):
                    self._fault(BAD_ID, place, found=found[name])
            elif _default(field) is MISSING:
                self._fault(MISSING_KEY, path, key=name)
        return cls(**found) if len(self.faults) == before else None

    def _method(self, value: Any, path: str) -> MethodSpec | None:
        if not self._is(value, dict, NOT_OBJECT, path):
            return None
        if "method" not in value:
            return self._fault(MISSING_KEY, path, key="method")
        method = self.read(str, value["method"], f"{path}.method")
        rest = self._open({key: item for key, item in value.items() if key != "method"}, path)
        return None if method is None else MethodSpec(method, rest)

    def _tuple(self, args: tuple[Any, ...], value: Any, path: str) -> tuple[Any, ...] | None:
        if not self._is(value, list, NOT_LIST, path):
            return None
        if args[-1] is not Ellipsis and len(value) != len(args):
            return self._fault(WRONG_COUNT, path, count=len(args), found=_described(value))
        hints = args if args[-1] is not Ellipsis else [args[0]] * len(value)
        items = enumerate(zip(hints, value, strict=True))
        return tuple(self.read(hint, item, f"{path}[{index}]") for index, (hint, item) in items)

    def _open(self, value: dict[str, Any], path: str) -> FrozenDict:
        """Open parameters: any JSON, as long as its numbers are finite."""
        return FrozenDict(value) if self._sound(value, path) else FrozenDict()

    def _sound(self, value: Any, path: str, depth: int = 0) -> bool:
        if depth > _DEEPEST:
            self._fault(TOO_DEEP, path)
            return False
        if isinstance(value, float) and not math.isfinite(value):
            self._fault(NOT_FINITE, path, found=str(value))
            return False
        if isinstance(value, dict):
            inner = [(f"{path}.{key}", item) for key, item in value.items()]
        elif isinstance(value, list):
            inner = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        else:
            return True
        sound = [self._sound(item, place, depth + 1) for place, item in inner]  # all of them: every fault is told
        return all(sound)

    def _text(self, value: Any, path: str) -> str | None:
        return value if self._is(value, str, NOT_TEXT, path) else None

    def _bool(self, value: Any, path: str) -> bool | None:
        return value if self._is(value, bool, NOT_BOOL, path) else None

    def _int(self, value: Any, path: str) -> int | None:
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return self._fault(NOT_WHOLE, path, found=_described(value))
        return value

    def _float(self, value: Any, path: str) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return self._fault(NOT_NUMBER, path, found=_described(value))
        if not math.isfinite(value):
            return self._fault(NOT_FINITE, path, found=str(value))
        return float(value)

    def _is(self, value: Any, kind: type, code: str, path: str) -> bool:
        if not isinstance(value, kind):
            self._fault(code, path, found=_described(value))
        return isinstance(value, kind)

    def _unknown(self, key: str, known: Mapping[str, object], path: str) -> None:
        closest = difflib.get_close_matches(key, known, n=1)
        place = f"{path}.{key}" if path else key
        if closest:
            self._fault(MISSPELT_KEY, place, key=key, closest=closest[0])
        else:
            self._fault(UNKNOWN_KEY, place, key=key, known=", ".join(known))

    def _fault(self, code: str, path: str, **values: object) -> Any:
        self.faults.append(Problem(code, Severity.ERROR, Place("file", "", path), FrozenDict(values)))
        return None


_SCALARS: dict[Any, Callable[[_Reader, Any, str], Any]] = {
    str: _Reader._text,
    bool: _Reader._bool,
    int: _Reader._int,
    float: _Reader._float,
}


def _described(value: Any) -> str:
    """A value for a sentence: as JSON writes it, cut short."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except RecursionError:
        text = "…"
    return text if len(text) <= 40 else f"{text[:39]}…"
