"""Recurrent layers are torch's GRU and LSTM, read along rows, columns and steps in the directions they say."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from mtlstudio.base.declare import complete
from mtlstudio.network.interface import BuildContext, Shape, layer_type
from mtlstudio.network.measure import Measurement, measure
from mtlstudio.network.modules.recurrent import Recurrent, RecurrentMap
from mtlstudio.network.modules.sequence import SequenceHead, ToSequence

CONTEXT = BuildContext(32, output_channels=5)


def measured(type_id: str, shape: Shape, **parameters: object) -> Measurement:
    type_ = layer_type(type_id)
    values = complete(type_.parameters, parameters)
    return measure(type_, values, {"in": (shape,)}, CONTEXT, type_.inputs, type_.outputs)


def by_hand(cell: nn.GRU, steps: list[Tensor]) -> list[Tensor]:
    """A bidirectional GRU, one step after the other, by the formula of Cho et al. as torch writes it."""
    weights, size = dict(cell.named_parameters()), cell.hidden_size

    def read(order: list[int], end: str) -> list[Tensor]:
        hidden, out = steps[0].new_zeros(steps[0].shape[0], size), {}
        for index in order:
            new = steps[index] @ weights[f"weight_ih_l0{end}"].T + weights[f"bias_ih_l0{end}"]
            old = hidden @ weights[f"weight_hh_l0{end}"].T + weights[f"bias_hh_l0{end}"]
            (r_new, z_new, n_new), (r_old, z_old, n_old) = new.chunk(3, 1), old.chunk(3, 1)
            reset, update = torch.sigmoid(r_new + r_old), torch.sigmoid(z_new + z_old)
            hidden = (1 - update) * torch.tanh(n_new + reset * n_old) + update * hidden
            out[index] = hidden
        return [out[index] for index in sorted(out)]

    indices = list(range(len(steps)))
    forth, back = read(indices, ""), read(indices[::-1], "_reverse")
    return [torch.cat(pair, dim=1) for pair in zip(forth, back, strict=True)]


def test_a_recurrent_map_reads_each_row_then_each_column() -> None:
    module, x = RecurrentMap(3, 4, "gru"), torch.randn(2, 3, 5, 6)
    rows = torch.empty(2, 8, 5, 6)
    for row in range(5):
        for column, value in enumerate(by_hand(module.rows, list(x[:, :, row].unbind(2)))):
            rows[:, :, row, column] = value
    expected = torch.empty(2, 8, 5, 6)
    for column in range(6):
        for row, value in enumerate(by_hand(module.columns, list(rows[:, :, :, column].unbind(2)))):
            expected[:, :, row, column] = value
    torch.testing.assert_close(module(x), expected)


def test_every_place_of_a_recurrent_map_depends_on_every_place() -> None:
    module = RecurrentMap(3, 4, "lstm")
    for place in ((0, 0), (4, 5), (2, 3)):
        x = torch.randn(1, 3, 5, 6, requires_grad=True)
        module(x)[0, :, place[0], place[1]].sum().backward()
        assert (x.grad.abs().sum(1) > 0).all()


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_recurrent_layer_is_torchs(cell) -> None:
    ours = Recurrent(3, 4, 2, True, cell, 0.0)
    theirs = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](3, 4, 2, bidirectional=True)
    theirs.load_state_dict(ours.reader.state_dict())
    x = torch.randn(2, 3, 7)
    torch.testing.assert_close(ours(x), theirs(x.permute(2, 0, 1))[0].permute(1, 2, 0))


@pytest.mark.parametrize("mode", ["mean", "max", "flatten"])
def test_a_sequence_has_one_step_per_column_from_left_to_right(mode) -> None:
    x = torch.randn(2, 3, 4, 6)
    steps = ToSequence(mode)(x)
    assert steps.shape == (2, 12 if mode == "flatten" else 3, 6)
    for column in range(6):
        alone = ToSequence(mode)(x[:, :, :, column : column + 1])
        torch.testing.assert_close(steps[:, :, column : column + 1], alone)
    torch.testing.assert_close(ToSequence("mean")(x), x.sum(2) / 4)
    torch.testing.assert_close(ToSequence("max")(x), x.max(2).values)
    assert torch.equal(ToSequence("flatten")(x)[:, :, 2], x[:, :, :, 2].reshape(2, -1))


def test_what_stands_right_is_read_later() -> None:
    """With one direction, changing the last column changes the last step alone; changing the first changes all."""
    x = torch.randn(1, 3, 4, 6)
    last, first = x.clone(), x.clone()
    last[..., -1] += 1
    first[..., 0] += 1
    reader = nn.Sequential(ToSequence("flatten"), Recurrent(12, 5, 1, False, "gru", 0.0))
    out = reader(x)
    assert torch.equal(reader(last)[..., :-1], out[..., :-1]) and not torch.equal(reader(last)[..., -1], out[..., -1])
    assert ((reader(first) - out).abs().sum(1) > 0).all()
    both = nn.Sequential(ToSequence("flatten"), Recurrent(12, 5, 1, True, "gru", 0.0))
    assert ((both(last) - both(x)).abs().sum(1) > 0).all()


def test_a_sequence_head_is_the_same_linear_map_at_each_step() -> None:
    module, x = SequenceHead(3, 5, 0.0), torch.randn(2, 3, 7)
    out = module(x)
    assert out.shape == (2, 5, 7)
    for step in range(7):
        torch.testing.assert_close(out[:, :, step], x[:, :, step] @ module.linear.weight.T + module.linear.bias)


@pytest.mark.parametrize(("cell", "gates"), [("gru", 3), ("lstm", 4)])
def test_arithmetic_of_recurrent_layers_is_counted(cell, gates) -> None:
    steps, into, hidden = 10, 6, 8
    found = measured("recurrent", (into, steps), cell=cell, hidden_size=hidden, num_layers=2)
    assert found.macs == steps * 2 * gates * hidden * ((into + hidden) + (2 * hidden + hidden))
    assert found.output_shapes["out"] == (2 * hidden, steps) and found.uncounted == ()
    found = measured("recurrent_map", (into, 4, 5), cell=cell, hidden_size=hidden)
    assert found.macs == 4 * 5 * 2 * gates * hidden * ((into + hidden) + (2 * hidden + hidden))
    assert found.output_shapes["out"] == (2 * hidden, 4, 5)


def test_what_reads_along_sees_all_of_it() -> None:
    for type_id, shape in (("recurrent_map", (6, 4, 5)), ("recurrent", (6, 9)), ("to_sequence", (6, 4, 5))):
        (way,) = measured(type_id, shape).reaches["out"] or ()
        assert way is not None and math.isinf(way.growth), type_id
