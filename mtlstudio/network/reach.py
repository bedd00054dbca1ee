"""How far an output sees into its input: the receptive field, followed through the operations as they pass by."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from mtlstudio.network.fields import Reach, Way


def _windows(kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int] = (1,)) -> Callable[[Way], Way]:
    side = dilation[-1] * (kernel[-1] - 1)
    step = (stride or kernel)[-1]
    return lambda way: Way(way.growth + side * way.stride, way.stride * step)


def _convolution(args: tuple[Any, ...], out: Any) -> Callable[[Way], Way]:
    _x, weight, _bias, stride, _padding, dilation, transposed = args[:7]
    if not transposed:
        return _windows(weight.shape, stride, dilation)
    seen = -(-weight.shape[-1] // stride[-1]) - 1
    return lambda way: Way(way.growth + seen * way.stride, way.stride / stride[-1])


def _pool(args: tuple[Any, ...], out: Any) -> Callable[[Way], Way]:
    return _windows(args[1], args[2] if len(args) > 2 else ())


def _interpolation(neighbours: int) -> Callable[[tuple[Any, ...], Any], Callable[[Way], Way]]:
    def rule(args: tuple[Any, ...], out: Any) -> Callable[[Way], Way]:
        ratio = args[0].shape[-1] / out.shape[-1]
        return lambda way: Way(way.growth + neighbours * way.stride, way.stride * ratio)

    return rule


def _reduction(args: tuple[Any, ...], out: Any) -> Callable[[Way], Way]:
    dims = args[1] if len(args) > 1 and isinstance(args[1], list | tuple) else range(args[0].ndim)
    if all(dim % args[0].ndim < 2 for dim in dims):
        return lambda way: way
    return _everything(args, out)


def _softmax(args: tuple[Any, ...], out: Any) -> Callable[[Way], Way]:
    return _everything(args, out) if args[1] % args[0].ndim > 1 else lambda way: way


def _everything(args: tuple[Any, ...], out: Any) -> Callable[[Way], Way]:
    return lambda way: Way(math.inf, way.stride)


# All other operations work pixel by pixel: they see what their arguments see.
_RULES: dict[str, Callable[[tuple[Any, ...], Any], Callable[[Way], Way]]] = {
    "aten::convolution": _convolution,
    "aten::max_pool2d_with_indices": _pool,
    "aten::avg_pool2d": _pool,
    "aten::upsample_nearest2d": _interpolation(0),
    "aten::upsample_bilinear2d": _interpolation(1),
    "aten::upsample_bicubic2d": _interpolation(3),
    "aten::mean": _reduction,
    "aten::sum": _reduction,
    "aten::amax": _reduction,
    "aten::_softmax": _softmax,
    "aten::_safe_softmax": _softmax,
    "aten::unbind": _everything,  # so recurrent layers begin: each step then comes to know all before it
    "aten::_adaptive_avg_pool2d": _everything,
    "aten::adaptive_max_pool2d": _everything,
}


class Reaches:
    """Follows the reach of every tensor of one forward pass."""

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        self._maps = [tensor.ndim == 4 for tensor in inputs]
        self._reach: dict[int, Reach] = {}
        self._alive: list[Any] = list(inputs)  # an id is a tensor's own only while it lives
        for index, tensor in enumerate(inputs):
            self._reach[id(tensor)] = tuple(Way(0, 1) if index == i else None for i in range(len(inputs)))

    def passed(self, func: Any, args: tuple[Any, ...], out: Any) -> None:
        """Notes one operation: `out` sees what its tensor arguments see, and more by the operation's rule."""
        first = out[0] if isinstance(out, tuple | list) and out else out
        known = [self._reach[id(tensor)] for tensor in _tensors(args) if id(tensor) in self._reach]
        if not isinstance(first, Tensor) or not known:
            return
        reach = _joined(known)
        rule = _RULES.get(func._schema.name)
        if rule is not None:
            widen = rule(args, first)
            reach = tuple(None if way is None else widen(way) for way in reach)
        for value in out if isinstance(out, tuple | list) else (first,):
            if isinstance(value, Tensor):
                self._reach[id(value)] = reach
                self._alive.append(value)

    def of(self, value: Tensor) -> Reach | None:
        """The reach of a value; a vector made from a map sees all of it."""
        reach = self._reach.get(id(value))
        if reach is None or value.ndim == 4:
            return reach
        return tuple(
            Way(math.inf, way.stride) if way and is_map else way for way, is_map in zip(reach, self._maps, strict=True)
        )


def _tensors(args: tuple[Any, ...]) -> list[Tensor]:
    found: list[Tensor] = []
    for arg in args:
        found.extend(item for item in (arg if isinstance(arg, list | tuple) else (arg,)) if isinstance(item, Tensor))
    return found


def _joined(reaches: list[Reach]) -> Reach:
    def widest(ways: tuple[Way | None, ...]) -> Way | None:
        present = [way for way in ways if way is not None]
        return Way(max(way.growth for way in present), present[0].stride) if present else None

    return tuple(widest(ways) for ways in zip(*reaches, strict=True))
