"""Layers between tasks do what their papers say, and nothing where they are set to do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from mtlstudio.base.declare import complete
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.interface import BuildContext, Shape, layer_type
from mtlstudio.network.templates import template
from mtlstudio.project.graph import influences, reaches
from mtlstudio.project.lanes import lane
from mtlstudio.project.spec import ProjectSpec

CONTEXT = BuildContext(32)
MAP: Shape = (6, 5, 7)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def module(type_id: str, shapes: Mapping[str, tuple[Shape, ...]], **parameters: object) -> nn.Module:
    type_ = layer_type(type_id)
    values = complete(type_.parameters, parameters)
    type_.check(values, shapes, CONTEXT)
    return type_.build(values, shapes, CONTEXT)


def crossing(type_id: str, tasks: str = "ab", shape: Shape = MAP, **parameters: object) -> nn.Module:
    return module(type_id, {lane(task): (shape,) for task in tasks}, **parameters)


def network(spec: ProjectSpec, template_id: str, **changes: object) -> ProjectSpec:
    """The template's network, some parameters of its layers between tasks changed."""
    drawn = template(template_id).build(spec)
    layers = tuple(
        replace(layer, parameters=FrozenDict({**layer.parameters, **changes}))
        if layer_type(layer.type).crosses
        else layer
        for layer in drawn.layers
    )
    return spec.with_network(replace(drawn, layers=layers))


def take_weights(net: MultiTaskNetwork, other: MultiTaskNetwork) -> None:
    """Copies the weights of the layers that both have; the rest must have none, or be between tasks."""
    for layer_id, layer in other.layers.items():
        layer.load_state_dict(net.layers[layer_id].state_dict())


# Cross-stitch.


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("shape", [MAP, (6,), (6, 9)])
def test_a_stitch_is_the_weighted_sum_of_the_paper(per_channel, shape) -> None:
    stitch = crossing("cross_stitch", "abc", shape, per_channel=per_channel, own=0.7)
    weights = dict(stitch.named_parameters())
    assert weights.keys() == {f"weights.to_{t}.from_{s}" for t in "abc" for s in "abc"}
    for name, value in weights.items():
        assert value.shape == ((6,) if per_channel else (1,))
        torch.testing.assert_close(value, torch.full_like(value, 0.7 if name[-1] == name[11] else 0.15))
        value.data.normal_()
    features = {task: torch.randn(2, *shape) for task in "abc"}
    out = stitch(*features.values())
    for target in "abc":
        expected = torch.zeros(2, *shape)
        for source in "abc":
            weight = weights[f"weights.to_{target}.from_{source}"].expand(6)
            for channel in range(6):
                expected[:, channel] += weight[channel] * features[source][:, channel]
        torch.testing.assert_close(out[lane(target)], expected)


def test_a_stitch_that_keeps_to_itself_makes_separate_networks(sketch) -> None:
    spec = sketch("kind", "count", "mask", image_size=64).spec
    stitched = compile_network(network(spec, "cross_stitch", own=1.0)).eval()
    x = {"image": torch.randn(2, 3, 64, 64)}
    together = stitched(x)
    for task in spec.tasks:
        alone = replace(spec, tasks=(task,))  # of a single task the template stitches nothing
        assert "cross_stitch" not in {layer.type for layer in template("cross_stitch").build(alone).layers}
        net = compile_network(network(alone, "cross_stitch")).eval()
        take_weights(stitched, net)
        torch.testing.assert_close(net(x)[task.id], together[task.id])


def test_a_stitch_of_equal_shares_is_the_mean() -> None:
    stitch = crossing("cross_stitch", "abcd", own=0.25)
    features = [torch.randn(3, *MAP) for _ in range(4)]
    out = stitch(*features)
    mean = torch.stack(features).mean(0)
    assert all(torch.allclose(out[lane(task)], mean, atol=1e-6) for task in "abcd")


def test_a_stitch_of_one_task_changes_nothing() -> None:
    x = torch.randn(2, *MAP)
    for type_id in ("cross_stitch", "distillation"):
        alone = crossing(type_id, "a")
        assert torch.equal(alone(x), x) and not list(alone.parameters())


def test_names_of_tasks_may_be_names_of_methods() -> None:
    tasks = ("from_to", "keys", "values", "pop", "weights")
    for type_id in ("cross_stitch", "distillation"):
        layer = module(type_id, {lane(task): ((4, 3, 3),) for task in tasks})
        out = layer(*(torch.randn(1, 4, 3, 3) for _ in tasks))
        assert list(out) == [lane(task) for task in tasks]


def test_gradients_cross_although_the_stages_stay_each_tasks_own(sketch) -> None:
    spec = network(sketch("kind", "mask", image_size=32).spec, "cross_stitch")
    stage = spec.network.layer("kind_stage_1")
    assert stage.tasks == {"kind"} and influences(spec.network)["kind_stage_1"] == {"kind", "mask"}
    net = compile_network(spec)
    loss = net({"image": torch.randn(2, 3, 32, 32)}, ["mask"])["mask"].square().mean()
    (gradient,) = torch.autograd.grad(loss, [net.layers["kind_stage_1"].conv.weight])
    assert gradient.abs().sum() > 0


def test_a_stitch_sees_no_further_than_what_it_mixes(sketch, finish) -> None:
    drawn = sketch("mask", "depth", image_size=64)
    picture, stitch = drawn.input(), drawn.add("cross_stitch", "Stitch")
    for task, kernel_size in zip(drawn.spec.tasks, (3, 9), strict=True):
        own = drawn.add("convolution", task.name, picture, out_channels=4, kernel_size=kernel_size)
        drawn.join(own, stitch, lane(task.id))
        drawn.head(task, stitch, lane(task.id))
    report = analyze(finish(drawn), Memo()).layers["stitch"]
    assert report.receptive_field == 9
    assert report.parameters == 2 * 2 * 4 and report.macs == 2 * 2 * 4 * 64 * 64
    assert report.output_shapes == {lane("depth"): (4, 64, 64), lane("mask"): (4, 64, 64)}


def test_bypassed_it_lets_each_task_pass(sketch) -> None:
    spec = network(sketch("kind", "mask", image_size=32).spec, "cross_stitch", own=0.3)
    kept = network(spec, "cross_stitch", own=1.0)
    layers = tuple(replace(layer, bypassed=layer.type == "cross_stitch") for layer in spec.network.layers)
    bypassed = spec.with_network(replace(spec.network, layers=layers))
    assert not analyze(bypassed, Memo()).errors
    net, other = compile_network(bypassed).eval(), compile_network(kept).eval()
    for layer_id, layer in other.layers.items():
        if not layer_id.startswith("cross_stitch"):
            layer.load_state_dict(net.layers[layer_id].state_dict())
    x = {"image": torch.randn(2, 3, 32, 32)}
    for task, out in net(x).items():
        torch.testing.assert_close(out, other(x)[task])


# Distillation.


def by_hand(layer: nn.Module, features: dict[str, Tensor]) -> dict[str, Tensor]:
    """The formula, pair by pair."""
    found = {}
    for target, own in features.items():
        gate = torch.sigmoid(layer.gates[f"to_{target}"](own))
        others = [layer.messages[f"from_{source}"](x) for source, x in features.items() if source != target]
        found[lane(target)] = own + sum(gate * message for message in others)
    return found


@pytest.mark.parametrize("shape", [MAP, (6,)])
def test_messages_pass_through_gates(shape) -> None:
    layer = crossing("distillation", "abc", shape)
    features = {task: torch.randn(2, *shape) for task in "abc"}
    out = layer(*features.values())
    for port, expected in by_hand(layer, features).items():
        torch.testing.assert_close(out[port], expected)


def test_closed_gates_distil_nothing(sketch) -> None:
    spec = network(sketch("kind", "mask", "depth", image_size=32).spec, "padnet")
    net = compile_network(spec).eval()
    layer = net.layers["distillation"]
    for gate in layer.gates.values():
        nn.init.zeros_(gate.weight)
        nn.init.constant_(gate.bias, -1e4)
    layers = tuple(replace(item, bypassed=item.id == "distillation") for item in spec.network.layers)
    without = compile_network(spec.with_network(replace(spec.network, layers=layers))).eval()
    without.load_state_dict(net.state_dict(), strict=False)
    x = {"image": torch.randn(2, 3, 32, 32)}
    closed = net(x)
    for task, out in without(x).items():
        torch.testing.assert_close(closed[task], out)
    nn.init.zeros_(layer.gates["to_mask"].bias)
    opened = net(x)
    assert torch.equal(opened["depth"], closed["depth"]) and not torch.allclose(opened["mask"], closed["mask"])


def test_lanes_must_agree(sketch, finish) -> None:
    drawn = sketch("kind", "mask")
    picture, cross = drawn.input(), drawn.add("distillation", "Messages")
    for task, stride in zip(drawn.spec.tasks, (1, 2), strict=True):
        drawn.join(drawn.add("convolution", task.name, picture, stride=stride), cross, lane(task.id))
        drawn.head(task, cross, lane(task.id))
    (problem,) = analyze(finish(drawn), Memo()).errors
    assert problem.code == "network.lanes_differ" and "kind: 64 × 32 × 32, mask: 64 × 16 × 16" in problem.text()


# Stop gradient.


def test_stop_gradient_passes_values_and_no_gradient() -> None:
    stop = module("stop_gradient", {"in": (MAP,)})
    x = torch.randn(2, *MAP, requires_grad=True)
    assert torch.equal(stop(x), x)
    (stop(x) * x).sum().backward()
    torch.testing.assert_close(x.grad, x.detach())  # of x · x it would be 2x


# Experts.


def experts(count: int, shape: Shape = MAP, gate: Shape = (5, 4, 4)) -> nn.Module:
    return module("expert_mix", {"experts": (shape,) * count, "gate": (gate,)})


@pytest.mark.parametrize("gate", [(5, 4, 4), (5,), (5, 9)])
def test_the_mix_is_the_weighted_sum_with_weights_that_sum_to_one(gate) -> None:
    mix = experts(3, gate=gate)
    look, given = torch.randn(4, *gate), [torch.randn(4, *MAP) for _ in range(3)]
    pooled = look if len(gate) == 1 else look.reshape(4, 5, -1).mean(2)
    shares = torch.nn.functional.softmax(pooled @ mix.gate.weight.T + mix.gate.bias, dim=-1)
    torch.testing.assert_close(shares.sum(1), torch.ones(4))
    expected = torch.zeros(4, *MAP)
    for sample in range(4):
        for share, expert in zip(shares[sample], given, strict=True):
            expected[sample] += share * expert[sample]
    torch.testing.assert_close(mix(given, look), expected)
    torch.testing.assert_close(mix([torch.ones(4, *MAP)] * 3, look), torch.ones(4, *MAP))


def test_the_gate_sees_only_what_is_pooled() -> None:
    mix = experts(3)
    look, given = torch.randn(2, 5, 4, 4), [torch.randn(2, *MAP) for _ in range(3)]
    shuffled = look.flatten(2)[:, :, torch.randperm(16)].unflatten(2, (4, 4))
    torch.testing.assert_close(mix(given, shuffled), mix(given, look))
    assert not torch.allclose(mix(given, look + 1), mix(given, look))


def with_gates_onto(net: MultiTaskNetwork, expert: int) -> None:
    """Turns all gates to one expert, whatever they see."""
    for layer in net.layers.values():
        if hasattr(layer, "shares"):
            nn.init.zeros_(layer.gate.weight)
            nn.init.constant_(layer.gate.bias, -1e4)
            layer.gate.bias.data[expert] = 0


def test_one_expert_is_hard_sharing(sketch, finish) -> None:
    def drawn(with_gates: bool) -> MultiTaskNetwork:
        torch.manual_seed(1)
        drawing = sketch("kind", "count", "mask")
        stem = drawing.add("convolution", "Stem", drawing.input(), out_channels=8)
        expert = drawing.add("residual_stage", "Expert", stem, out_channels=8, blocks=1)
        for task in drawing.spec.tasks:
            end = expert
            if with_gates:
                end = drawing.add("expert_mix", "Gate", id=f"{task.id}_gate")
                drawing.join(expert, end, "experts")
                drawing.join(stem, end, "gate")
            drawing.head(task, end)
        return compile_network(finish(drawing)).eval()

    mixed, hard = drawn(True), drawn(False)
    take_weights(mixed, hard)
    x = {"image": torch.randn(2, 3, 32, 32)}
    for task, out in hard(x).items():
        torch.testing.assert_close(mixed(x)[task], out)


def test_gates_that_listen_to_one_and_the_same_expert_share_hard(sketch) -> None:
    """MMoE's network with all gates on expert 2 does not depend on the others, for any task."""
    spec = network(sketch("kind", "mask").spec, "mmoe")
    net = compile_network(spec).eval()
    with_gates_onto(net, 1)
    x = {"image": torch.randn(2, 3, 32, 32)}
    before = net(x)
    for name in ("expert_1", "expert_3"):
        for weight in net.parameters_of(name):
            nn.init.normal_(weight)
    assert all(torch.equal(net(x)[task], before[task]) for task in before)
    for weight in net.parameters_of("expert_2"):
        nn.init.normal_(weight)
    assert not any(torch.allclose(net(x)[task], before[task]) for task in before)


def test_own_experts_alone_are_separate_from_there_on(sketch) -> None:
    """CGC whose gates listen to the task's own expert: a loss of one task reaches no expert but its own."""
    spec = network(sketch("kind", "mask").spec, "cgc")
    net = compile_network(spec)
    with_gates_onto(net, 0)
    x = {"image": torch.randn(2, 3, 32, 32)}
    net(x, ["mask"])["mask"].square().mean().backward()
    reached = {
        layer_id
        for layer_id in net.layers
        if any(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.parameters_of(layer_id))
    }
    assert {name for name in reached if "expert" in name} == {"mask_expert"}


def test_cgc_without_shared_experts_is_separate(sketch, finish) -> None:
    """One own expert each: what its gate gives is that expert's output, no more."""
    drawn = sketch("kind", "count")
    picture = drawn.input()
    for task in drawn.spec.tasks:
        expert = drawn.add("convolution", "Own expert", picture, id=f"{task.id} expert", out_channels=4)
        gate = drawn.add("expert_mix", "Gate", id=f"{task.id} gate")
        drawn.join(expert, gate, "experts")
        drawn.join(picture, gate, "gate")
        drawn.head(task, gate)
    net = compile_network(finish(drawn)).eval()
    x = torch.randn(2, 3, 32, 32)
    for task in ("kind", "count"):
        features = net.layers[f"{task}_expert"](x).mean((2, 3))
        torch.testing.assert_close(net({"image": x})[task], net.layers[f"{task}_linear_head"](features))


def test_own_experts_of_a_shared_gate_stay_own_and_influence_all(sketch) -> None:
    spec = network(sketch("kind", "mask").spec, "ple")
    drawn = spec.network
    assert reaches(drawn)["level_1_kind_expert"] == {"kind"}
    assert influences(drawn)["level_1_kind_expert"] == {"kind", "mask"}
    assert influences(drawn)["level_2_kind_expert"] == {"kind"}
    net = compile_network(spec)
    loss = net({"image": torch.randn(2, 3, 32, 32)}, ["mask"])["mask"].square().mean()
    gradients = torch.autograd.grad(loss, net.parameters_of("level_1_kind_expert"))
    assert sum(gradient.abs().sum() for gradient in gradients) > 0
    assert net.layers["shared_gate"].gate.out_features == 4  # two shared, two of the tasks' own


def test_experts_must_be_of_one_shape(sketch, finish) -> None:
    drawn = sketch("kind")
    picture, mix = drawn.input(), drawn.add("expert_mix", "Gate")
    for channels in (4, 8):
        drawn.join(drawn.add("convolution", f"Expert {channels}", picture, out_channels=channels), mix, "experts")
    drawn.join(picture, mix, "gate")
    drawn.head(drawn.spec.tasks[0], mix)
    (problem,) = analyze(finish(drawn), Memo()).errors
    assert problem.code == "network.shapes_differ" and problem.place.id == "gate"


# Some tasks alone.


@pytest.mark.parametrize("template_id", ["cross_stitch", "padnet", "ple", "mtan"])
def test_some_tasks_alone_give_what_they_give_together(sketch, template_id) -> None:
    net = compile_network(network(sketch("kind", "mask", "count").spec, template_id)).eval()
    x = {"image": torch.randn(2, 3, 32, 32)}
    together = net(x)
    for tasks in (["mask"], ["kind", "count"]):
        alone = net(x, tasks)
        assert set(alone) == set(tasks)
        for task in tasks:
            torch.testing.assert_close(alone[task], together[task], rtol=0, atol=0)


def test_ports_are_the_tasks_sorted_ids() -> None:
    stitch = layer_type("cross_stitch")
    assert [port.name for port in stitch.input_ports({}, ("a", "b"))] == [lane("a"), lane("b")]
    assert stitch.output_ports({}, ("a", "b")) == stitch.input_ports({}, ("a", "b"))
    mix = layer_type("expert_mix")
    assert [port.name for port in mix.input_ports({"own_experts": False}, ("a",))] == ["experts", "gate"]
    own = mix.input_ports({"own_experts": True}, ("a",))[-1]
    assert own.name == lane("a") and own.variadic and own.optional
