"""Whether values read from a file are of the types that a dataclass declares: what was edited by hand may be anything."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

Check = Callable[[Any], bool]

_NAMES = {str: "text", int: "whole number", float: "number", bool: "true or false", dict: "object", tuple: "list"}


@cache
def check(hint: Any) -> Check:
    """A test of values as they come from JSON (tuples may be lists; a float may be whole); types that it does not know
    let everything pass."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if kind in (Union, types.UnionType):
        checks = [check(one) for one in inner]
        return lambda value: any(test(value) for test in checks)
    if kind is types.NoneType or hint is None:
        return lambda value: value is None
    if kind is bool:
        return lambda value: isinstance(value, bool)
    if kind in (int, float):
        allowed = int if kind is int else (int, float)
        return lambda value: isinstance(value, allowed) and not isinstance(value, bool)
    if kind is str:
        return lambda value: isinstance(value, str)
    if kind is dict or kind is Mapping:
        return _of_dict(inner)
    if kind is tuple:
        return _of_tuple(inner)
    return lambda value: True


def faults(cls: type, values: Mapping[str, Any]) -> dict[str, str]:
    """Field -> the kind of value expected there, in English words, of those fields of a dataclass that are missing or of
    another type."""
    return {name: words for name, test, needed, words in _fields(cls) if not (test(values[name]) if name in values else not needed)}


@cache
def _fields(cls: type) -> tuple[tuple[str, Check, bool, str], ...]:
    """(name, check, whether it has to be there, what is expected) of each field."""
    hints = get_type_hints(cls)
    return tuple(
        (
            field.name, check(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
            _NAMES.get(get_origin(hints[field.name]) or hints[field.name], "value"),
        )
        for field in fields(cls)
    )  # fmt: skip


def _of_dict(inner: tuple[Any, ...]) -> Check:
    if not inner:
        return lambda value: isinstance(value, dict)
    key, item = check(inner[0]), check(inner[1])
    return lambda value: isinstance(value, dict) and all(key(k) and item(v) for k, v in value.items())


def _of_tuple(inner: tuple[Any, ...]) -> Check:
    if not inner:
        return lambda value: isinstance(value, list | tuple)
    if inner[-1] is Ellipsis:
        item = check(inner[0])
        return lambda value: isinstance(value, list | tuple) and all(map(item, value))
    checks = [check(one) for one in inner]
    return lambda value: (
        isinstance(value, list | tuple)
        and len(value) == len(checks)
        and all(test(one) for test, one in zip(checks, value, strict=True))
    )
