"""Watches how layers make their modules, so that the same calls can be written down.

While a layer type's `build` runs, a profile hook of this thread sees every call. The outermost ones that make a module
(a class's `__init__`, or a function of `mtlstudio.network.modules`, torch or torchvision that returns one) are noted
with their arguments. Authors of layer types need to know nothing of it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch import nn

from mtlstudio.network.examine import Examination
from mtlstudio.network.export.source import switch_of
from mtlstudio.network.memo import shared_memo
from mtlstudio.project.spec import ProjectSpec

_MAKERS = ("mtlstudio.network.modules", "torch", "torchvision")


@dataclass(frozen=True)
class Call:
    """One call that made a module.

    Attributes:
        maker: the class or function.
        signature: of the maker, without `self`.
        values: by parameter name, as they arrived.
    """

    maker: Callable[..., Any]
    signature: inspect.Signature
    values: Mapping[str, Any]


class Recorder:
    """Notes how modules were made; they live as long as the recorder, so that their ids stay their own.

    A function of the studio that makes modules is looked into: what it calls is noted as well.

    Attributes:
        met: (module, function) -> the values that a function which consists of a `match` was called with.
    """

    def __init__(self) -> None:
        self._calls: dict[int, list[Call]] = {}
        self._alive: list[nn.Module] = []
        self._open: list[tuple[FrameType, Call]] = []
        self.met: dict[tuple[str, str], set[object]] = {}

    def calls(self, module: nn.Module) -> tuple[Call, ...]:
        """The calls that made a module, each within the one before; none where nobody saw it."""
        return tuple(reversed(self._calls.get(id(module), ())))

    def watch(self, build: Callable[[], nn.Module]) -> nn.Module:
        """What `build` makes, its calls noted."""
        previous = sys.getprofile()
        sys.setprofile(self._profile)
        try:
            return build()
        finally:
            sys.setprofile(previous)
            self._open.clear()

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "call":
            self._meet(frame)
            if (not self._open or _is_own_function(self._open[-1][1])) and (call := _call_of(frame)) is not None:
                self._open.append((frame, call))
        elif event == "return" and self._open and frame is self._open[-1][0]:
            _frame, call = self._open.pop()
            made = frame.f_locals[frame.f_code.co_varnames[0]] if inspect.isclass(call.maker) else arg
            if isinstance(made, nn.Module):
                self._calls.setdefault(id(made), []).append(call)
                self._alive.append(made)

    def _meet(self, frame: FrameType) -> None:
        module = frame.f_globals.get("__name__", "")
        if isinstance(module, str) and module.startswith(_MAKERS[0]):
            function = frame.f_code.co_qualname
            if function.isidentifier() and (parameter := switch_of(module, function)) is not None:
                self.met.setdefault((module, function), set()).add(frame.f_locals[parameter])


def _is_own_function(call: Call) -> bool:
    return inspect.isfunction(call.maker) and call.maker.__module__.startswith(_MAKERS[0])


def _call_of(frame: FrameType) -> Call | None:
    code = frame.f_code
    if code.co_name == "__init__" and code.co_argcount:
        subject = frame.f_locals.get(code.co_varnames[0])
        if not isinstance(subject, nn.Module):
            return None
        return Call(type(subject), _of_init(type(subject)), _values(frame, skipped=1))
    module = str(frame.f_globals.get("__name__", ""))
    if module.split(".")[0] not in ("torch", "torchvision") and not module.startswith(_MAKERS[0]):
        return None
    function = _resolved(module, code.co_qualname)
    if function is None or getattr(inspect.unwrap(function), "__code__", None) is not code:
        return None
    return Call(function, inspect.signature(inspect.unwrap(function)), _values(frame, skipped=0))


def _of_init(cls: type) -> inspect.Signature:
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def _values(frame: FrameType, skipped: int) -> dict[str, Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & inspect.CO_VARARGS) + bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return {name: frame.f_locals[name] for name in code.co_varnames[skipped:count]}


def _resolved(module: str, qualname: str) -> Callable[..., Any] | None:
    found = getattr(sys.modules.get(module), qualname, None)  # methods have a dot, inner functions more
    return found if inspect.isfunction(found) else None


def record(spec: ProjectSpec) -> tuple[Recorder, dict[str, nn.Module]]:
    """Builds the layers of a sound network once more, on the meta device, and watches.

    Returns:
        the recorder, and the modules by layer id, of the layers that some output depends on and that are not bypassed.
    """
    examined = Examination(spec, shared_memo())
    recorder = Recorder()
    modules: dict[str, nn.Module] = {}
    for layer_id in examined.wired.order:
        ready = examined.ready.get(layer_id)
        if layer_id not in examined.needed or ready is None or ready.layer.bypassed:
            continue
        shapes = examined.reports[layer_id].input_shapes
        with torch.device("meta"):
            modules[layer_id] = recorder.watch(
                lambda ready=ready, shapes=shapes: ready.type.build(ready.parameters, shapes, ready.context)  # type: ignore[misc]
            )
    return recorder, modules
