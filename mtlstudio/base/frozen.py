"""A dictionary that cannot be changed: the open-ended parameters inside the frozen specification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn


class FrozenDict(dict[str, Any]):
    """A `dict` without mutation: equal to a plain one, hashable when its values are, JSON-serialisable.

    Lists inside become tuples, dictionaries frozen ones, so that equality and hashing are by value.
    """

    _hash: int | None = None

    def __init__(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        super().__init__({key: freeze(value) for key, value in {**(values or {}), **more}.items()})

    def __hash__(self) -> int:  # type: ignore[override]
        if self._hash is None:  # reckoned once: the figures of layers are remembered by their parameters
            self._hash = hash(frozenset(self.items()))
        return self._hash

    def with_(self, **changes: Any) -> FrozenDict:
        """A copy with some values changed or added."""
        return FrozenDict({**self, **changes})

    def without(self, *names: str) -> FrozenDict:
        """A copy without some keys."""
        return FrozenDict({key: value for key, value in self.items() if key not in names})

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenDict, (dict(self),))

    def __copy__(self) -> FrozenDict:
        return self

    def __deepcopy__(self, memo: object) -> FrozenDict:
        return self

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError("a FrozenDict cannot be changed; use with_() or without()")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse  # type: ignore[assignment]


def freeze(value: Any) -> Any:
    """The value with lists turned into tuples and dictionaries into frozen ones, all the way down."""
    if isinstance(value, FrozenDict):
        return value
    if isinstance(value, Mapping):
        return FrozenDict(value)
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value
