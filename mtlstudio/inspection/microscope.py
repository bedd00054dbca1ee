"""One convolution under the microscope: how one value of its output comes about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtlstudio.network.compile import MultiTaskNetwork


@dataclass(frozen=True)
class Magnified:
    """y[k, row, column] = bias + Σ over channels c and the window of kernel × input.

    Attributes:
        channel, row, column: of the output value.
        first_channel: number of the first input channel that the kernel reads (several groups: not 0).
        window: (C, kh, kw) float32: the part of the input under the kernel; 0 where it hangs over the border.
        inside: (kh, kw) bool: what of the window lies on the input.
        kernel: (C, kh, kw) float32.
        bias: 0 where there is none.
        value: the sum, as computed here.
        module_value: the same value as the module computed it.
        rows, columns: of the input, each window pixel's place (may lie outside).
        after: (name, value) of the normalisation and the activation that follow, where they do.
        output: (H, W) float32, the whole output channel.
        input: (H, W) float32, the input channel that weighs most here.
    """

    channel: int
    row: int
    column: int
    first_channel: int
    window: NDArray[np.float32]
    inside: NDArray[np.bool_]
    kernel: NDArray[np.float32]
    bias: float
    value: float
    module_value: float
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    after: tuple[tuple[str, float], ...]
    output: NDArray[np.float32]
    input: NDArray[np.float32]

    @property
    def shares(self) -> NDArray[np.float32]:
        """(C,): what each input channel adds to the value."""
        found: NDArray[np.float32] = (self.window * self.kernel).sum((1, 2))
        return found

    def formula(self, terms: int = 3) -> str:
        """The sum in words: the channels that weigh most, the rest, the bias."""
        shares = self.shares
        largest = np.argsort(-np.abs(shares), kind="stable")[:terms]
        shown = [
            tr("{value:+.3f} (channel {channel})", value=float(shares[c]), channel=self.first_channel + int(c))
            for c in largest
        ]
        if len(shares) > terms:
            rest = float(shares.sum() - shares[largest].sum())
            shown.append(tr("{value:+.3f} ({n} other channels)", value=rest, n=len(shares) - terms))
        shown.append(tr("{value:+.3f} (bias)", value=self.bias))
        return f"{self.value:.3f} = {' '.join(shown)}"


def convolutions(network: MultiTaskNetwork, layer_id: str) -> tuple[str, ...]:
    """Names, within the layer, of its convolutions that can be looked at ("" for a layer that is one itself)."""
    from torch import nn

    return tuple(name for name, module in network.layers[layer_id].named_modules() if type(module) is nn.Conv2d)


def magnify(
    network: MultiTaskNetwork,
    inputs: Mapping[str, Tensor],
    layer_id: str,
    name: str,
    channel: int,
    row: int,
    column: int,
) -> Magnified:
    """Takes one output value of a convolution apart.

    Args:
        inputs: input id -> (1, C, S, S), standardised.
        name: of the convolution within the layer (`convolutions`).
        channel, row, column: of the output value.

    Raises:
        StudioError: there is no such convolution or value.
    """
    if name not in convolutions(network, layer_id):
        raise StudioError(mark("“{layer}” has no convolution {name!r}"), layer=layer_id, name=name)
    module: Any = dict(network.layers[layer_id].named_modules())[name]
    entering, leaving, following = _run(network, inputs, module, _followers(network.layers[layer_id], name))
    if not (0 <= channel < leaving.shape[0] and 0 <= row < leaving.shape[1] and 0 <= column < leaving.shape[2]):
        raise StudioError(
            mark("there is no value ({channel}, {row}, {column}); the output has the shape {shape}"),
            channel=channel, row=row, column=column, shape=" × ".join(map(str, leaving.shape)),
        )  # fmt: skip
    per_group = module.weight.shape[1]
    first = channel // (module.out_channels // module.groups) * per_group
    kernel = module.weight.detach().float().cpu().numpy()[channel]
    rows, columns = _places(module, 0, row), _places(module, 1, column)
    window, inside = _window(entering.numpy()[first : first + per_group], rows, columns)
    bias = 0.0 if module.bias is None else float(module.bias.detach()[channel])
    shares = np.abs((window * kernel).sum((1, 2)))
    return Magnified(
        channel, row, column, first, window, inside, kernel, bias,
        float((window.astype(np.float64) * kernel).sum()) + bias, float(leaving[channel, row, column]), rows, columns,
        tuple((kind, float(value[channel, row, column])) for kind, value in following),
        leaving[channel].numpy(), entering[first + int(shares.argmax())].numpy(),
    )  # fmt: skip


def _run(
    network: MultiTaskNetwork, inputs: Mapping[str, Tensor], module: nn.Module, after: list[nn.Module]
) -> tuple[Tensor, Tensor, list[tuple[str, Tensor]]]:
    """Input and output of the convolution, and what those after it made, each of the one sample."""
    import torch

    seen: dict[int, Tensor] = {}

    def enter(_module: nn.Module, args: tuple[Any, ...]) -> None:
        seen[-1] = args[0].detach()[0].float().cpu().clone()

    def keeper(place: int) -> Any:
        def keep(_module: nn.Module, _args: Any, output: Tensor) -> None:
            seen.setdefault(place, output.detach()[0].float().cpu().clone())  # before an activation writes over it

        return keep

    handles = [module.register_forward_pre_hook(enter)]
    handles += [one.register_forward_hook(keeper(place)) for place, one in enumerate([module, *after])]
    try:
        with torch.inference_mode():
            network(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return seen[-1], seen[0], [(type(one).__name__, seen[place]) for place, one in enumerate(after, 1)]


def _followers(layer: nn.Module, name: str) -> list[nn.Module]:
    """What comes directly behind the convolution in its `Sequential`, as long as it works value by value."""
    from torch import nn

    parent = layer.get_submodule(name.rpartition(".")[0]) if name else layer
    if not name or not isinstance(parent, nn.Sequential):
        return []
    children = list(parent.named_children())
    place = next(index for index, (child, _module) in enumerate(children) if child == name.rpartition(".")[2])
    found: list[nn.Module] = []
    for _child, module in children[place + 1 :]:
        if list(module.children()) or isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.Upsample):
            break
        found.append(module)
    return found


def _places(module: Any, axis: int, index: int) -> tuple[int, ...]:
    """The input rows (axis 0) or columns (1) under the kernel for an output row or column."""
    size, stride, dilation = module.kernel_size[axis], module.stride[axis], module.dilation[axis]
    if module.padding == "same":
        before = dilation * (size - 1) // 2
    else:
        before = 0 if isinstance(module.padding, str) else module.padding[axis]
    return tuple(index * stride - before + step * dilation for step in range(size))


def _window(
    values: NDArray[np.float32], rows: tuple[int, ...], columns: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    height, width = values.shape[1:]
    inside_rows = np.array([0 <= row < height for row in rows])
    inside_columns = np.array([0 <= column < width for column in columns])
    inside: NDArray[np.bool_] = inside_rows[:, None] & inside_columns[None]
    taken = values[:, np.clip(rows, 0, height - 1)][:, :, np.clip(columns, 0, width - 1)]
    return (taken * inside).astype(np.float32), inside
