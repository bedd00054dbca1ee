"""Whether values read from a file are of the types that a dataclass declares: what was edited by hand may be anything."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr

Check = Callable[[Any], bool]

_LONGEST = 40
_PLAIN: dict[Any, frozenset[type]] = {
    str: frozenset((str,)), bool: frozenset((bool,)), int: frozenset((int,)),
    float: frozenset((float, int, types.NoneType)), types.NoneType: frozenset((types.NoneType,)),
}  # fmt: skip

_NAMES = {
    str: mark("a text"), int: mark("a whole number"), float: mark("a number"), bool: mark("true or false"),
    dict: mark("an object in braces"), tuple: mark("a list"),
}  # fmt: skip


@cache
def check(hint: Any) -> Check:
    """A test of values as they come from JSON. A tuple may be a list; a float may be whole, or null, which stands for one
    that is not finite. Types that it does not know let everything pass."""
    kind, inner = get_origin(hint) or hint, get_args(hint)
    if plain := _plain_types(hint):
        return lambda value: type(value) in plain
    if kind in (Union, types.UnionType):
        checks = [check(one) for one in inner]
        return lambda value: any(test(value) for test in checks)
    if kind is dict or kind is Mapping:
        return _of_dict(inner)
    if kind is tuple:
        return _of_tuple(inner)
    return lambda value: True


def faults(cls: type, values: Mapping[str, Any]) -> dict[str, str]:
    """Field -> the kind of value expected there (marked for translation), of those fields of a dataclass that are missing or of
    another type."""
    return {
        name: words
        for name, test, needed, words in _fields(cls)
        if not (test(values[name]) if name in values else not needed)
    }


def require(cls: type, values: Mapping[str, Any], where: str, fix: str) -> None:
    """Refuses values that are not of the types which a dataclass declares.

    Args:
        where: the file.
        fix: how to mend it, marked for translation.

    Raises:
        StudioError: names the first wrong field, what is expected there and what was found.
    """
    for name, wanted in faults(cls, values).items():
        found = json.dumps(values.get(name), ensure_ascii=False, default=str)
        raise StudioError(
            mark("{field} must be {wanted}, not {found}"), where=where, fix=fix, field=name, wanted=tr(wanted),
            found=found if len(found) <= _LONGEST else f"{found[: _LONGEST - 1]}…",
        )  # fmt: skip


@cache
def _fields(cls: type) -> tuple[tuple[str, Check, bool, str], ...]:
    """(name, check, whether it has to be there, what is expected) of each field."""
    hints = get_type_hints(cls)
    return tuple(
        (
            field.name, check(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
            _NAMES.get(get_origin(hints[field.name]) or hints[field.name], mark("of another kind")),
        )
        for field in fields(cls)
    )  # fmt: skip


def _plain_types(hint: Any) -> frozenset[type]:
    """The types of values that a hint of plain ones allows; none for other hints."""
    if get_origin(hint) in (Union, types.UnionType):
        parts = [_plain_types(one) for one in get_args(hint)]
        return frozenset().union(*parts) if all(parts) else frozenset()
    return _PLAIN.get(hint, frozenset())


def _of_dict(inner: tuple[Any, ...]) -> Check:
    if not inner:
        return lambda value: isinstance(value, dict)
    keys, items = _each(inner[0]), _each(inner[1])
    return lambda value: isinstance(value, dict) and keys(value) and items(value.values())


def _of_tuple(inner: tuple[Any, ...]) -> Check:
    if not inner:
        return lambda value: isinstance(value, list | tuple)
    if inner[-1] is Ellipsis:
        items = _each(inner[0])
        return lambda value: isinstance(value, list | tuple) and items(value)
    checks = [check(one) for one in inner]
    return lambda value: (
        isinstance(value, list | tuple)
        and len(value) == len(checks)
        and all(test(one) for test, one in zip(checks, value, strict=True))
    )


def _each(hint: Any) -> Callable[[Iterable[Any]], bool]:
    """Whether all of several values are of a type; those of plain types are looked at in one go."""
    if plain := _plain_types(hint):
        return lambda values: plain.issuperset(map(type, values))
    test = check(hint)
    return lambda values: all(map(test, values))
