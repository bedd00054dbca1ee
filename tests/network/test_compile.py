"""The compiled network does what its connections say, no more and no less."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from mtlstudio.base.errors import StudioError
from mtlstudio.network.compile import MultiTaskNetwork, NetworkProblems, compile_network
from mtlstudio.project.spec import Connection, ProjectSpec


class HandWritten(nn.Module):
    """A U-Net with a label from its bottom, as a person writes it; names as in `unet` below."""

    def __init__(self) -> None:
        super().__init__()

        def block(before: int, after: int, stride: int = 1) -> nn.Sequential:
            return nn.Sequential(
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()
            )

        self.down_1 = block(3, 8, 2)
        self.down_2 = block(8, 12, 2)
        self.down_3 = block(12, 16, 2)
        self.up_2 = nn.Sequential(block(16 + 12, 12), block(12, 12))
        self.up_1 = nn.Sequential(block(12 + 8, 8), block(8, 8))
        self.mask = nn.Conv2d(8, 3, 1)
        self.kind = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        def resize(y: Tensor, size: torch.Size) -> Tensor:
            return nn.functional.interpolate(y, size=size, mode="bilinear", align_corners=False)

        one = self.down_1(x)
        two = self.down_2(one)
        three = self.down_3(two)
        up = self.up_2(torch.cat((resize(three, two.shape[2:]), two), 1))
        up = self.up_1(torch.cat((resize(up, one.shape[2:]), one), 1))
        return {"kind": self.kind(three.mean((2, 3))), "mask": resize(self.mask(up), x.shape[2:])}


def unet(sketch, image_size: int) -> ProjectSpec:
    drawn = sketch("kind", "mask", image_size=image_size)
    picture = drawn.input()
    one = drawn.add("convolution", "Down 1", picture, out_channels=8, stride=2)
    two = drawn.add("convolution", "Down 2", one, out_channels=12, stride=2)
    three = drawn.add("convolution", "Down 3", two, out_channels=16, stride=2)
    up = drawn.add("unet_decoder", "Up 2", three, skip=two, out_channels=12)
    up = drawn.add("unet_decoder", "Up 1", up, skip=one, out_channels=8)
    kind, mask = drawn.spec.tasks
    drawn.head(kind, three)
    drawn.head(mask, up)
    return drawn.spec.with_network(drawn.network())


def copy_weights(net: MultiTaskNetwork, hand: HandWritten) -> None:
    """By position: both list their weights in the order of the layers."""
    names = {"mask_dense_head": "mask", "kind_linear_head": "kind"}
    for layer_id, layer in net.layers.items():
        if layer_id in ("image", "kind_global_pool"):
            continue
        own, other = layer.state_dict(), getattr(hand, names.get(layer_id, layer_id)).state_dict()
        assert [value.shape for value in own.values()] == [value.shape for value in other.values()]
        layer.load_state_dict(dict(zip(own, other.values(), strict=True)))


@pytest.mark.parametrize("image_size", [32, 37, 50])
@pytest.mark.parametrize("training", [True, False])
def test_agrees_with_a_hand_written_unet_also_at_odd_sizes(sketch, image_size, training) -> None:
    net, hand = compile_network(unet(sketch, image_size)), HandWritten()
    copy_weights(net, hand)
    net.train(training)
    hand.train(training)
    x = torch.randn(2, 3, image_size, image_size)
    ours, theirs = net({"image": x}), hand(x)
    for task in ("kind", "mask"):
        torch.testing.assert_close(ours[task], theirs[task])
    sum(out.square().mean() for out in ours.values()).backward()
    sum(out.square().mean() for out in theirs.values()).backward()
    ours_grads = [p.grad for p in net.layers["down_1"].parameters()]
    for mine, other in zip(ours_grads, [p.grad for p in hand.down_1.parameters()], strict=True):
        torch.testing.assert_close(mine, other)


def test_some_tasks_alone_give_what_they_give_together_and_run_only_their_layers(sketch) -> None:
    net = compile_network(unet(sketch, 32)).eval()
    x = {"image": torch.randn(1, 3, 32, 32)}
    together = net(x)
    ran: list[str] = []
    for layer_id, layer in net.layers.items():
        layer.register_forward_hook(lambda *_args, name=layer_id: ran.append(name))
    alone = net(x, ["kind"])
    assert alone.keys() == {"kind"}
    torch.testing.assert_close(alone["kind"], together["kind"], rtol=0, atol=0)
    assert set(ran) == {"image", "down_1", "down_2", "down_3", "kind_global_pool", "kind_linear_head"}


def test_an_unknown_task_is_refused(sketch) -> None:
    with pytest.raises(KeyError, match="nose"):
        compile_network(unet(sketch, 32))({"image": torch.zeros(1, 3, 32, 32)}, ["nose"])


def test_values_are_freed_as_soon_as_nobody_needs_them(sketch, finish) -> None:
    drawn = sketch("kind")
    layer = drawn.input()
    for number in range(4):
        layer = drawn.add("convolution", f"C{number}", layer, out_channels=4)
    drawn.head(drawn.spec.tasks[0], layer)
    net = compile_network(finish(drawn)).eval()
    alive: list[weakref.ref[Tensor]] = []
    most = 0

    def count(_module: nn.Module, _args: object, out: Tensor) -> None:
        nonlocal most
        alive.append(weakref.ref(out))
        gc.collect()
        most = max(most, sum(ref() is not None for ref in alive))

    for number in range(4):
        net.layers[f"c{number}"].register_forward_hook(count)
    with torch.no_grad():
        net({"image": torch.zeros(1, 3, 32, 32)})
    assert most == 2  # what a layer reads and what it writes


def test_a_frozen_layer_learns_nothing_and_keeps_its_statistics(sketch) -> None:
    spec = unet(sketch, 32)
    layers = tuple(replace(layer, frozen=layer.id == "down_1") for layer in spec.network.layers)
    net = compile_network(spec.with_network(replace(spec.network, layers=layers))).train()
    before = copy.deepcopy(net.layers["down_1"].state_dict())
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.1)
    sum(out.mean() for out in net({"image": torch.randn(4, 3, 32, 32)}).values()).backward()
    optimizer.step()
    for name, value in net.layers["down_1"].state_dict().items():
        assert torch.equal(value, before[name]), name
    assert net.layers["down_2"].norm.training and not net.layers["down_1"].norm.training
    assert net.layers["down_2"].norm.num_batches_tracked == 1


def test_a_bypassed_layer_lets_its_first_input_through(sketch, finish) -> None:
    drawn = sketch("kind")
    first = drawn.add("convolution", "First", drawn.input(), out_channels=3)
    other = drawn.add("convolution", "Other", first, out_channels=5)
    both = drawn.add("concatenate", "Both", other)
    drawn.connections.append(Connection(first, both))
    drawn.head(drawn.spec.tasks[0], both)
    spec = finish(drawn)
    layers = tuple(replace(layer, bypassed=layer.id in ("both", "other")) for layer in spec.network.layers)
    net = compile_network(spec.with_network(replace(spec.network, layers=layers))).eval()
    x = torch.randn(2, 3, 32, 32)
    features = net.layers["first"](x).mean((2, 3))
    torch.testing.assert_close(net({"image": x})["kind"], net.layers["kind_linear_head"](features))
    assert not net.parameters_of("other")


def test_several_connections_into_one_port_keep_their_order(sketch, finish) -> None:
    drawn = sketch("kind", image_size=8)
    picture = drawn.input()
    wide, narrow = (drawn.add("convolution", f"C{n}", picture, out_channels=n) for n in (5, 2))
    both = drawn.add("concatenate", "Both")
    drawn.connections += [Connection(narrow, both), Connection(wide, both)]
    drawn.head(drawn.spec.tasks[0], both)
    net = compile_network(finish(drawn)).eval()
    seen = {}
    net.layers["both"].register_forward_hook(lambda _m, _args, out: seen.update(out=out))
    x = torch.randn(1, 3, 8, 8)
    net({"image": x})
    torch.testing.assert_close(seen["out"], torch.cat((net.layers[narrow](x), net.layers[wide](x)), 1))


def test_one_seed_one_network_whatever_was_analysed_before(sketch) -> None:
    torch.manual_seed(3)
    first = compile_network(unet(sketch, 32)).state_dict()
    torch.manual_seed(3)
    second = compile_network(unet(sketch, 32)).state_dict()
    torch.manual_seed(4)
    third = compile_network(unet(sketch, 32)).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["layers.down_1.conv.weight"], third["layers.down_1.conv.weight"])


def test_ids_that_are_names_of_methods_do_no_harm(sketch, finish) -> None:
    drawn = sketch("kind")
    layer = drawn.input()
    for name in ("pop", "items", "values", "type", "forward", "training"):
        layer = drawn.add("convolution", name, layer, out_channels=4)
    drawn.head(drawn.spec.tasks[0], layer)
    net = compile_network(finish(drawn))
    assert net({"image": torch.zeros(2, 3, 32, 32)})["kind"].shape == (2, 3)
    assert "layers.items.conv.weight" in net.state_dict()
    net.load_state_dict(net.state_dict())


def test_groups_hold_each_trained_weight_once_and_spare_norms_and_biases(sketch) -> None:
    spec = unet(sketch, 32)
    factors = {"down_1": 0.1, "down_2": 0.1}
    layers = tuple(
        replace(layer, learning_rate_factor=factors.get(layer.id, 1.0), frozen=layer.id == "up_1")
        for layer in spec.network.layers
    )
    net = compile_network(spec.with_network(replace(spec.network, layers=layers)))
    groups = net.parameter_groups()
    listed = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(listed) == sorted(id(p) for p in net.parameters() if p.requires_grad)
    assert {(group["lr_factor"], group["weight_decay"]) for group in groups} == {
        (0.1, True), (0.1, False), (1.0, True), (1.0, False),
    }  # fmt: skip
    spared = {id(p) for group in groups if not group["weight_decay"] for p in group["params"]}
    norms = [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    expected = {id(p) for norm in norms for p in norm.parameters()} | {
        id(m.bias) for m in net.modules() if isinstance(m, nn.Conv2d | nn.Linear) and m.bias is not None
    }
    assert spared == expected & {id(p) for p in net.parameters() if p.requires_grad}


def test_shared_parameters_are_those_of_layers_of_two_tasks(sketch) -> None:
    net = compile_network(unet(sketch, 32))
    shared = {id(p) for p in net.shared_parameters()}
    assert shared == {id(p) for n in (1, 2, 3) for p in net.parameters_of(f"down_{n}")}


def test_a_wrong_network_is_refused_by_the_name_of_its_layer(sketch, finish) -> None:
    drawn = sketch("kind")
    layer = drawn.add("convolution", "My wide one", drawn.input(), out_channels=-3)
    drawn.head(drawn.spec.tasks[0], layer)
    with pytest.raises(NetworkProblems) as caught:
        compile_network(finish(drawn))
    assert caught.value.text().startswith("“My wide one”: out_channels cannot be -3.")
    assert isinstance(caught.value, StudioError) and len(caught.value.problems) == 1
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_it_can_be_copied_and_pickled(sketch) -> None:
    net = compile_network(unet(sketch, 32)).eval()
    x = {"image": torch.randn(1, 3, 32, 32)}
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        torch.testing.assert_close(twin(x)["mask"], net(x)["mask"], rtol=0, atol=0)
        assert twin.layers["down_1"].conv.weight is not net.layers["down_1"].conv.weight


def test_channels_last_gives_the_same(sketch) -> None:
    net = compile_network(unet(sketch, 32)).eval()
    x = torch.randn(2, 3, 32, 32)
    plain = net({"image": x})
    net.to(memory_format=torch.channels_last)
    other = net({"image": x.contiguous(memory_format=torch.channels_last)})
    torch.testing.assert_close(plain["mask"], other["mask"], rtol=1e-4, atol=1e-4)
    assert other["mask"].is_contiguous(memory_format=torch.channels_last)
