"""One convolution under the microscope: how one value of its output comes about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.inspection.activations import Activation, describe

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mtlstudio.network.compile import MultiTaskNetwork


@dataclass(frozen=True, eq=False)
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

    def decimals(self) -> int:
        """How many decimals tell the value and its largest parts in three figures; 3 … 8."""
        largest = max(abs(self.value), abs(self.bias), float(np.abs(self.shares).max(initial=0.0)))
        return min(8, max(3, 2 - math.floor(math.log10(largest)))) if 0 < largest < math.inf else 3

    def terms(self, count: int = 3) -> tuple[Term, ...]:
        """The parts of the sum, rounded so that the numbers shown add up to the value shown exactly.

        Args:
            count: so many input channels are told one by one, those that weigh most; the others together.
        """
        shares = self.shares.astype(np.float64)
        largest = np.argsort(-np.abs(shares), kind="stable")[:count]
        numbers = [self.first_channel + int(c) for c in largest]
        values = [float(shares[c]) for c in largest]
        kinds = ["channel"] * len(values)
        if len(shares) > count:
            kinds, numbers = [*kinds, "rest"], [*numbers, len(shares) - count]
            values.append(float(shares.sum() - shares[largest].sum()))
        rounded = rounded_to_sum([*values, self.bias], self.value, self.decimals())
        return tuple(map(Term, [*kinds, "bias"], [*numbers, 0], rounded))

    def formula(self, terms: int = 3) -> str:
        """The sum in words: the channels that weigh most, the rest, the bias. The numbers add up as they stand."""
        places = self.decimals()
        shown = []
        for term in self.terms(terms):
            number = f"{term.value:+.{places}f}"
            if term.kind == "channel":
                shown.append(tr("{value} (channel {channel})", value=number, channel=term.number))
            elif term.kind == "rest":
                shown.append(
                    ntr("{value} ({n} other channel)", "{value} ({n} other channels)", term.number, value=number)
                )
            else:
                shown.append(tr("{value} (bias)", value=number))
        return f"{self.value:.{places}f} = {' '.join(shown)}"


class Term(NamedTuple):
    """One part of the sum: `channel` with its number, `rest` with how many channels, or `bias`."""

    kind: str
    number: int
    value: float


def rounded_to_sum(values: Sequence[float], total: float, places: int) -> list[float]:
    """Numbers rounded to so many decimals, the sum of which is the rounded total; those move that lie nearest the middle.

    Numbers that are not finite stay as they are.
    """
    if not all(map(math.isfinite, (*values, total))) or not values:
        return list(values)
    unit = 10**places
    steps = [round(value * unit) for value in values]
    missing = round(total * unit) - sum(steps)
    sign = 1 if missing > 0 else -1
    nearest = sorted(range(len(values)), key=lambda i: sign * (steps[i] - values[i] * unit))
    for turn in range(abs(missing)):
        steps[nearest[turn % len(values)]] += sign
    return [step / unit for step in steps]


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
    return prepare(network, inputs, layer_id, name).at(channel, row, column)


def prepare(network: MultiTaskNetwork, inputs: Mapping[str, Tensor], layer_id: str, name: str) -> Slide:
    """Runs the network once and keeps what one of its convolutions saw and made.

    Raises:
        StudioError: there is no such convolution.
    """
    if layer_id not in network.layers or name not in convolutions(network, layer_id):
        raise StudioError(mark("“{layer}” has no convolution {name!r}"), layer=layer_id, name=name)
    module: Any = dict(network.layers[layer_id].named_modules())[name]
    entering, leaving, following = _run(network, inputs, module, _followers(network.layers[layer_id], name))
    bias = np.zeros(module.out_channels, np.float32) if module.bias is None else module.bias.detach().cpu().numpy()
    before = tuple(_before(module, axis) for axis in (0, 1))
    return Slide(
        layer_id, name, entering.numpy(), leaving.numpy(), module.weight.detach().float().cpu().numpy().copy(),
        bias.astype(np.float32), module.groups, module.stride, module.dilation, before,
        tuple((kind, value.numpy()) for kind, value in following), describe(leaving),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Slide:
    """All that is needed to take values of one convolution apart, for one sample. No torch.

    Attributes:
        layer, name: id of the layer; name of the convolution within it.
        entering: (C, h, w). leaving: (K, H, W). weight: (K, C / groups, kh, kw). bias: (K,).
        groups, stride, dilation: of the convolution; before: rows and columns that it adds above and to the left.
        following: (name, (K, H, W)) of the normalisation and the activation behind it.
        output: `leaving`, described.
    """

    layer: str
    name: str
    entering: NDArray[np.float32]
    leaving: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    groups: int
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    following: tuple[tuple[str, NDArray[np.float32]], ...]
    output: Activation

    def at(self, channel: int, row: int, column: int) -> Magnified:
        """Takes one output value apart.

        Raises:
            StudioError: there is no such value.
        """
        shape = self.leaving.shape
        if not (0 <= channel < shape[0] and 0 <= row < shape[1] and 0 <= column < shape[2]):
            raise StudioError(
                mark("there is no value ({channel}, {row}, {column}); the output has the shape {shape}"),
                channel=channel, row=row, column=column, shape=" × ".join(map(str, shape)),
            )  # fmt: skip
        per_group = self.weight.shape[1]
        first = channel // (shape[0] // self.groups) * per_group
        kernel, bias = self.weight[channel], float(self.bias[channel])
        rows, columns = self._places(0, row), self._places(1, column)
        window, inside = _window(self.entering[first : first + per_group], rows, columns)
        shares = np.abs((window * kernel).sum((1, 2)))
        return Magnified(
            channel, row, column, first, window, inside, kernel, bias,
            float((window.astype(np.float64) * kernel).sum()) + bias, float(self.leaving[channel, row, column]),
            rows, columns, tuple((kind, float(value[channel, row, column])) for kind, value in self.following),
            self.leaving[channel], self.entering[first + int(shares.argmax())],
        )  # fmt: skip

    def _places(self, axis: int, index: int) -> tuple[int, ...]:
        """The input rows (axis 0) or columns (1) under the kernel for an output row or column."""
        start = index * self.stride[axis] - self.before[axis]
        return tuple(start + step * self.dilation[axis] for step in range(self.weight.shape[2 + axis]))


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


def _before(module: Any, axis: int) -> int:
    """How many rows (axis 0) or columns (1) the convolution adds above or to the left."""
    if module.padding == "same":
        return int(module.dilation[axis] * (module.kernel_size[axis] - 1) // 2)
    return 0 if isinstance(module.padding, str) else int(module.padding[axis])


def _window(
    values: NDArray[np.float32], rows: tuple[int, ...], columns: tuple[int, ...]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    height, width = values.shape[1:]
    inside_rows = np.array([0 <= row < height for row in rows])
    inside_columns = np.array([0 <= column < width for column in columns])
    inside: NDArray[np.bool_] = inside_rows[:, None] & inside_columns[None]
    taken = values[:, np.clip(rows, 0, height - 1)][:, :, np.clip(columns, 0, width - 1)]
    return (taken * inside).astype(np.float32), inside
