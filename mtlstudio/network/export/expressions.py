"""Constructor expressions of modules, from the calls that made them."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from mtlstudio.network.export.layout import Expression, Group, Named, text
from mtlstudio.network.export.recording import Call, Recorder
from mtlstudio.network.export.source import NoSource, Sources

_POSITIONAL = 2
"""So many arguments are written without their names."""


class Unwritable(Exception):
    """Something that cannot be written as Python; the text says what, for people who know Python."""


class Writer:
    """Writes modules as expressions and gathers what these need.

    Attributes:
        sources: the studio's own classes and functions that they use.
    """

    def __init__(self, recorder: Recorder, sources: Sources) -> None:
        self._recorder, self.sources = recorder, sources
        self._opened = False

    def module(self, module: nn.Module) -> Expression:
        """The expression that makes such a module.

        Raises:
            Unwritable: it was not made by a call that can be repeated.
        """
        calls = self._recorder.calls(module)
        if not calls:
            raise Unwritable(f"{type(module).__name__}: made in a way that cannot be written down")
        call, outside = calls[0], self._opened
        if self._opened or any(_is_record(value) for value in call.values.values()):
            # The table behind it holds more than this network: rather what it comes to for this one.
            call = next((inner for inner in reversed(calls) if self._makes(inner, module)), call)
            self._opened = call is not calls[0]
        try:
            return Group(self._name(call.maker) + "(", self._arguments(call), ")")
        finally:
            self._opened = outside

    def _makes(self, call: Call, module: nn.Module) -> bool:
        """Whether a call by itself makes such a module: nothing was changed afterwards."""
        try:
            with torch.device("meta"):
                made = self._again(call)
        except Exception:  # whatever it says: it is then no way to make it
            return False
        return repr(made) == repr(module) and _sizes(made) == _sizes(module)

    def _again(self, call: Call) -> nn.Module:
        positional: list[Any] = []
        words: dict[str, Any] = {}
        for parameter in call.signature.parameters.values():
            value = self._remade(call.values[parameter.name])
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                positional += value
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                words |= value
            elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                words[parameter.name] = value
            else:
                positional.append(value)
        made: nn.Module = call.maker(*positional, **words)
        return made

    def _remade(self, value: Any) -> Any:
        if isinstance(value, nn.Module):
            return self._again(self._recorder.calls(value)[0])
        if isinstance(value, list | tuple):
            return type(value)(self._remade(item) for item in value)
        return value

    def _arguments(self, call: Call) -> list[Expression]:
        parameters = list(call.signature.parameters.values())
        packed = any(
            item.kind is inspect.Parameter.VAR_POSITIONAL and call.values.get(item.name) for item in parameters
        )
        items: list[Expression] = []
        in_order = True
        for parameter in parameters:
            value = call.values[parameter.name]
            match parameter.kind:
                case inspect.Parameter.VAR_POSITIONAL:
                    items += [self._value(item) for item in value]
                    in_order = False
                case inspect.Parameter.VAR_KEYWORD:
                    items += [Named(f"{name}=", self._value(item)) for name, item in value.items()]
                case inspect.Parameter.KEYWORD_ONLY:
                    in_order = False
                    if not _is_default(value, parameter):
                        items.append(Named(f"{parameter.name}=", self._value(value)))
                case _:
                    if not packed and _is_default(value, parameter):
                        in_order = False
                    elif packed or (in_order and len(items) < _POSITIONAL):
                        items.append(self._value(value))
                    else:
                        items.append(Named(f"{parameter.name}=", self._value(value)))
        return items

    def _value(self, value: Any) -> Expression:
        if value is None or isinstance(value, bool | int):
            return repr(value)
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else f'float("{value}")'
        if isinstance(value, str):
            return text(value)
        if isinstance(value, nn.Module):
            return self.module(value)
        if isinstance(value, OrderedDict):
            return self._ordered(value)
        if isinstance(value, Mapping):
            return Group(
                "{", [Named(f"{_flat(self._value(key))}: ", self._value(item)) for key, item in value.items()], "}"
            )
        if isinstance(value, tuple):
            return Group("(", [self._value(item) for item in value], ")") if value else "()"
        if isinstance(value, list):
            return Group("[", [self._value(item) for item in value], "]")
        if isinstance(value, torch.dtype):
            return str(value)
        if isinstance(value, functools.partial):
            self.sources.imports.add(("functools", "partial", ""))
            words = [Named(f"{name}=", self._value(item)) for name, item in value.keywords.items()]
            return Group("partial(", [self._name(value.func), *map(self._value, value.args), *words], ")")
        if inspect.isclass(value) or inspect.isroutine(value):
            return self._name(value)
        if _is_record(value):
            signature = inspect.signature(type(value))
            values = {name: getattr(value, name) for name in signature.parameters}
            return Group(self._name(type(value)) + "(", self._arguments(Call(type(value), signature, values)), ")")
        raise Unwritable(f"a value of the type {type(value).__name__}")

    def _ordered(self, value: OrderedDict[str, Any]) -> Expression:
        self.sources.imports.add(("collections", "OrderedDict", ""))
        if all(name.isidentifier() for name in value):
            return Group("OrderedDict(", [Named(f"{name}=", self._value(item)) for name, item in value.items()], ")")
        pairs = [Group("(", [text(name), self._value(item)], ")") for name, item in value.items()]
        return Group("OrderedDict(", [Group("[", pairs, "]")], ")")

    def _name(self, maker: Callable[..., Any]) -> str:
        """How the script calls a class or function."""
        name, module = maker.__name__, maker.__module__
        if module.startswith("mtlstudio."):
            try:
                return self.sources.add(module, maker.__qualname__)
            except NoSource as error:
                raise Unwritable(f"{error} has no source of its own") from error
        if getattr(nn, name, None) is maker:
            self.sources.imports.add(("torch", "nn", ""))
            return f"nn.{name}"
        for package in ("torchvision.models", "torchvision.ops", "torch.nn.functional", "torch"):
            if getattr(inspect.getmodule(torch) if package == "torch" else _package(package), name, None) is maker:
                self.sources.imports.add((package.split(".")[0], "", ""))
                return f"{package}.{name}"
        if "<" in maker.__qualname__ or module.split(".")[0] not in ("torch", "torchvision"):
            raise Unwritable(f"{module}.{maker.__qualname__} belongs neither to torch nor to the network")
        self.sources.imports.add((module, "", ""))
        return f"{module}.{maker.__qualname__}"


def _is_record(value: Any) -> bool:
    return dataclasses.is_dataclass(value) and not inspect.isclass(value)


def _sizes(module: nn.Module) -> list[tuple[str, Any]]:
    return [(name, value.shape) for name, value in module.state_dict().items()]


def _package(name: str) -> Any:
    import importlib

    return importlib.import_module(name)


def _flat(expression: Expression) -> str:
    from mtlstudio.network.export.layout import flat

    return flat(expression)


def _is_default(value: Any, parameter: inspect.Parameter) -> bool:
    default = parameter.default
    if default is inspect.Parameter.empty:
        return False
    return value is default or (
        type(value) is type(default) and isinstance(value, str | int | float | tuple) and value == default
    )
