"""Parameters as declarations: one table makes the form, the command line's checks and the manual.

A layer type, task type, loss, method, optimizer or layout declares its parameters with these; nothing
here imports torch or Qt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark

Kind = Literal["int", "float", "bool", "choice", "text", "file", "names", "ints", "floats"]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a declared thing.

    Attributes:
        name: its key in the project file; torch's own name where torch has one.
        kind: what it holds. `names`: a tuple of texts; `ints`, `floats`: a tuple of numbers.
        default: the value that a new one starts with.
        label: what the form calls it (marked for translation).
        help: one sentence for the tool tip (marked for translation).
        minimum, maximum: bounds of a number, both inclusive.
        choices: for `choice`, value to label (marked for translation).
        optional: `None` is allowed too and means "automatic".
        step: what one click on the spin box adds.
        visible_if: (other parameter, its values) under which the form shows this one.
    """

    name: str
    kind: Kind
    default: Any
    label: str = ""
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: Mapping[str, str] | None = None
    optional: bool = False
    step: float | None = None
    visible_if: tuple[str, tuple[Any, ...]] | None = None

    def check(self, value: Any) -> Any:
        """The value in its own type (a JSON list becomes a tuple, an int a float where floats are held).

        Raises:
            StudioError: the value is of another kind or out of bounds; says what was expected.
        """
        if value is None:
            if self.optional:
                return None
            raise self._wrong(value)
        return _CHECKS[self.kind](self, value)

    def parse(self, text: str) -> Any:
        """The value that a person typed (command line, `--set`); lists are separated by commas.

        Raises:
            StudioError: as `check`.
        """
        word = text.strip()
        if self.optional and word.lower() in ("auto", "none", ""):
            return None
        try:
            return self.check(_PARSERS[self.kind](word))
        except ValueError as error:
            raise self._wrong(text) from error

    def expected(self) -> str:
        """What is allowed, in short: `int 1 … 16`, `batch | group | none`."""
        if self.kind == "choice":
            return " | ".join(self.choices or ())
        low = "" if self.minimum is None else f"{self.minimum:g}"
        high = "" if self.maximum is None else f"{self.maximum:g}"
        return f"{self.kind} {low} … {high}" if low or high else self.kind

    def _wrong(self, value: Any) -> StudioError:
        return StudioError(
            mark("{name} cannot be {value!r}"),
            fix=mark("Expected: {expected}."),
            name=self.name,
            value=value,
            expected=self.expected(),
        )

    def _in_bounds(self, value: float) -> bool:
        return (
            math.isfinite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
        )


def _int(parameter: Parameter, value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not parameter._in_bounds(value):
        raise parameter._wrong(value)
    return value


def _float(parameter: Parameter, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not parameter._in_bounds(value):
        raise parameter._wrong(value)
    return float(value)


def _bool(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, bool):
        raise parameter._wrong(value)
    return value


def _choice(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str) or value not in (parameter.choices or ()):
        raise parameter._wrong(value)
    return value


def _text(parameter: Parameter, value: Any) -> str:
    if not isinstance(value, str):
        raise parameter._wrong(value)
    return value


def _many(parameter: Parameter, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise parameter._wrong(value)
    one = {"names": _text, "ints": _int, "floats": _float}[parameter.kind]
    return tuple(one(parameter, item) for item in value)


def _parse_bool(word: str) -> bool:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if word.lower() not in words:
        raise ValueError(word)
    return words[word.lower()]


def _split(word: str) -> list[str]:
    return [part.strip() for part in word.split(",")] if word else []


_CHECKS: dict[str, Callable[[Parameter, Any], Any]] = {
    "int": _int, "float": _float, "bool": _bool, "choice": _choice, "text": _text, "file": _text,
    "names": _many, "ints": _many, "floats": _many,
}  # fmt: skip
_PARSERS: dict[str, Callable[[str], Any]] = {
    "int": int, "float": float, "bool": _parse_bool, "choice": str, "text": str, "file": str,
    "names": _split,
    "ints": lambda word: [int(part) for part in _split(word)],
    "floats": lambda word: [float(part) for part in _split(word)],
}  # fmt: skip


def defaults(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Every parameter's default, by name."""
    return {parameter.name: parameter.default for parameter in parameters}


def complete(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters: the given values checked, the rest at their defaults; unknown names are left out.

    Raises:
        StudioError: a given value does not fit; names the parameter.
    """
    return {p.name: p.check(values[p.name]) if p.name in values else p.default for p in parameters}


def faults(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> list[StudioError]:
    """What is wrong with the given values: all of it, unknown names included."""
    known = {parameter.name: parameter for parameter in parameters}
    found: list[StudioError] = []
    for name, value in values.items():
        if name not in known:
            found.append(
                StudioError(
                    mark("there is no parameter {name!r}"),
                    fix=mark("Known: {known}."),
                    name=name,
                    known=", ".join(known) or "—",
                )
            )
            continue
        try:
            known[name].check(value)
        except StudioError as error:
            found.append(error)
    return found
