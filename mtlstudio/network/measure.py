"""Measures one layer by running its real module on the meta device: shapes, parameters, MACs, memory, reach.

This module imports torch; `analyze` brings it in when it is first needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from mtlstudio.network.fields import Reach
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape
from mtlstudio.network.reach import Reaches

# Operations with real arithmetic that the counter has no formula for. Those that do one or two operations per value
# (activations, norms, interpolation) are not worth a word.
_UNCOUNTED = {
    "torchvision::deform_conv2d": "deform_conv2d",
    "aten::_cudnn_rnn": "rnn",
    "aten::mkldnn_rnn_layer": "rnn",
    "aten::_fft_r2c": "fft",
    "aten::_fft_c2c": "fft",
    "aten::_fft_c2r": "fft",
}


@dataclass(frozen=True)
class Measurement:
    """What a layer does to one sample.

    Attributes:
        output_shapes: by output port.
        parameters: number of weights, buffers left out.
        macs: multiply-accumulate operations of convolutions and matrix products.
        activation_bytes: memory of all values that it makes, in float32 (in-place operations and views cost nothing).
        reaches: output port -> how far it sees into each of its inputs; None where nobody can say.
        uncounted: operations whose arithmetic `macs` leaves out.
    """

    output_shapes: Mapping[str, Shape]
    parameters: int = 0
    macs: int = 0
    activation_bytes: int = 0
    reaches: Mapping[str, Reach | None] = field(default_factory=dict)
    uncounted: tuple[str, ...] = ()


_BATCH_NORM = torch.ops.aten.native_batch_norm


def _normed(value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What a batch norm in eval mode leaves, on the meta device; torch takes a millisecond to reckon the shape."""
    return torch.empty_like(value), value.new_empty(0), value.new_empty(0)


class _Counter(TorchDispatchMode):
    """Counts while operations pass by. Of this thread alone: a training in another thread is not touched."""

    def __init__(self, reaches: Reaches) -> None:
        super().__init__()
        self.flops = 0
        self.values = 0
        self.uncounted: set[str] = set()
        self.reaches = reaches

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        packet = func._overloadpacket
        out = _normed(args[0]) if packet is _BATCH_NORM and not args[5] else func(*args, **kwargs)
        if packet in flop_registry:
            self.flops += flop_registry[packet](*args, **kwargs, out_val=out)
        elif (name := func._schema.name) in _UNCOUNTED:
            self.uncounted.add(_UNCOUNTED[name])
        results = out if isinstance(out, tuple | list) else (out,)
        for value, declared in zip(results, func._schema.returns, strict=False):
            # One-dimensional results are the statistics beside a normalisation: nothing worth counting.
            if isinstance(value, Tensor) and value.ndim > 1 and declared.alias_info is None:
                self.values += value.numel()
        self.reaches.passed(func, args, out)
        return out


def measure(
    layer_type: LayerType,
    parameters: Mapping[str, Any],
    shapes: Mapping[str, Sequence[Shape]],
    context: BuildContext,
    inputs: Sequence[Port],
    outputs: Sequence[Port],
) -> Measurement:
    """Builds the layer on the meta device and sends one sample through it.

    Args:
        shapes: input port -> shapes of one sample (C, H, W) or (C,).

    Raises:
        StudioError: the layer type refuses.
        Exception: whatever the module itself raises.
    """
    layer_type.check(parameters, shapes, context)
    with torch.device("meta"), torch.no_grad():
        module = layer_type.build(parameters, shapes, context).eval()
        arguments = [_argument(port, shapes.get(port.name, ())) for port in inputs]
        reaches = Reaches([value for value in tree_leaves(arguments) if isinstance(value, Tensor)])
        with _Counter(reaches) as counter:
            result = module(*arguments)
    values = result if isinstance(result, dict) else {outputs[0].name: result}
    return Measurement(
        {port: tuple(value.shape[1:]) for port, value in values.items()},
        sum(weight.numel() for weight in module.parameters()),
        counter.flops // 2,
        4 * counter.values,
        {port: reaches.of(value) for port, value in values.items()},
        tuple(sorted(counter.uncounted)),
    )


def _argument(port: Port, shapes: Sequence[Shape]) -> Any:
    tensors = [torch.empty((1, *shape)) for shape in shapes]
    if port.variadic:
        return tensors
    return tensors[0] if tensors else None
