"""The gradient engine against plain autograd on every kind of sharing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.templates import template
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.balancing.on_gradients import GradientBalancer, Moment
from mtlstudio.training.gradients.engine import GradientEngine
from mtlstudio.training.gradients.levels import Level
from tests.training.drawn import batch, branching, by_hand, compiled, loss_of, project, shared_names

THREE = ("kind", "mask", "count")
FOUR = ("kind", "labels", "mask", "depth")


class Fixed(GradientBalancer):
    """Weights that are different for every task; remembers the inner products it was shown."""

    gramian: Tensor
    moment: Moment

    def weigh(self, gramian: Tensor, moment: Moment) -> Tensor:
        self.gramian, self.moment = gramian.clone(), moment
        return torch.tensor([0.5 + 0.7 * row for row in moment.rows])


NETWORKS = {
    "branching": lambda: branching(),
    "shared": lambda: project("shared", *THREE),
    "tree": lambda: project("tree", *FOUR),
    "unet": lambda: project("unet", *THREE),
    "depths": lambda: project("depths", *FOUR, size=64),
    "middle": lambda: project("middle", *FOUR, size=64),
    "cross_stitch": lambda: project("cross_stitch", *THREE),
    "padnet": lambda: project("padnet", "mask", "depth"),
    "mtan": lambda: project("mtan", *THREE),
    "mmoe": lambda: project("mmoe", *THREE),
    "experts": lambda: project("mmoe", "kind", "labels", "count"),
    "ple": lambda: project("ple", *THREE),
    "late_fusion": lambda: project("late_fusion", *THREE, inputs=2),
    "separate": lambda: project("separate", *THREE),
}


def stepped(
    network: MultiTaskNetwork, engine: GradientEngine, tasks: tuple[str, ...], inputs: Mapping[str, Tensor],
    weights: Mapping[str, float] | None = None, scale: Tensor | None = None,
) -> dict[str, Tensor]:  # fmt: skip
    """The gradients that one step of the engine leaves, by parameter name."""
    network.zero_grad(set_to_none=True)
    passed = engine.forward(inputs, tasks)
    losses = {task: loss_of(task, passed.outputs[task]) for task in tasks}
    engine.backward(passed, losses, weights or dict.fromkeys(network.tasks, 1.0), scale)
    return {name: parameter.grad for name, parameter in network.named_parameters() if parameter.grad is not None}


def engine_of(
    spec: ProjectSpec, network: MultiTaskNetwork, level: Level = "parameters", every: int = 1
) -> tuple[GradientEngine, Fixed]:
    balancer = Fixed(spec.task_ids, torch.device("cpu"), every)
    return GradientEngine(network, spec.network, balancer, level), balancer


def expected(
    spec: ProjectSpec, network: MultiTaskNetwork, hand: Mapping[str, Mapping[str, Tensor]]
) -> dict[str, Tensor]:
    """Shared parameters: Σ of the weights times the gradients; own ones: the task's own."""
    shared = set(shared_names(spec, network))
    result: dict[str, Tensor] = {}
    for task, gradients in hand.items():
        weight = 0.5 + 0.7 * spec.task_ids.index(task)
        for name, gradient in gradients.items():
            part = gradient * weight if name in shared else gradient
            result[name] = result[name] + part if name in result else part
    return result


def assert_same(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], tolerance: float = 1e-5) -> None:
    for name in wanted.keys() | found.keys():
        one = found.get(name, torch.zeros(()))
        other = wanted.get(name, torch.zeros(()))
        size = float(other.abs().max().clamp_min(1e-3))
        assert float((one - other).abs().max()) <= tolerance * size, name


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_plain_autograd(name: str) -> None:
    spec = NETWORKS[name]()
    network, inputs = compiled(spec), batch(spec)
    plain = copy.deepcopy(network)
    engine, balancer = engine_of(spec, network)
    for tasks in (spec.task_ids, spec.task_ids[1:], spec.task_ids[-1:]):  # also with tasks absent from the batch
        torch.manual_seed(5)
        found = stepped(network, engine, tasks, inputs)
        torch.manual_seed(5)
        hand = by_hand(spec, plain, tasks, inputs)
        assert_same(found, expected(spec, plain, hand))
        shared = shared_names(spec, plain)
        if not shared:
            assert name == "separate" and not hasattr(balancer, "gramian")
            continue
        rows = balancer.moment.tasks
        assert set(rows) <= set(tasks)
        vectors = [
            torch.cat([hand[task].get(key, torch.zeros_like(plain.get_parameter(key))).flatten() for key in shared])
            for task in rows
        ]
        matrix = torch.stack(vectors)
        torch.testing.assert_close(
            balancer.gramian, matrix @ matrix.T, rtol=1e-4, atol=1e-5 * float(matrix.square().sum())
        )


def test_the_pass_changes_no_output_and_no_statistic() -> None:
    spec = project("depths", *FOUR, size=64)
    network, inputs = compiled(spec), batch(spec)
    plain = copy.deepcopy(network)
    engine, _ = engine_of(spec, network)
    torch.manual_seed(2)
    outputs = engine.forward(inputs, spec.task_ids).outputs
    torch.manual_seed(2)
    for task, wanted in plain(inputs).items():
        assert torch.equal(outputs[task], wanted)
    for one, other in zip(network.buffers(), plain.buffers(), strict=True):
        assert torch.equal(one, other)


def test_heads_are_gone_through_once_and_shared_layers_once_per_task() -> None:
    spec = project("shared", *THREE)
    network, inputs = compiled(spec), batch(spec)
    engine, balancer = engine_of(spec, network, every=2)
    counts: dict[str, int] = {}

    def counted(layer_id: str) -> Callable[[Tensor], None]:
        return lambda _gradient: counts.__setitem__(layer_id, counts.get(layer_id, 0) + 1)

    for layer_id, layer in network.layers.items():
        convolution = next((m for m in layer.modules() if isinstance(m, torch.nn.Conv2d)), None)
        if convolution is not None:
            convolution.weight.register_hook(counted(layer_id))
    shared = {layer.id for layer in spec.network.layers if len(layer.tasks) > 1}
    for step, passes in ((0, 3), (1, 1)):  # in between one pass serves all
        balancer.begin(step)
        counts.clear()
        stepped(network, engine, spec.task_ids, inputs)
        assert counts and all(count == (passes if key in shared else 1) for key, count in counts.items())
    engine, _ = engine_of(spec, network, "features")
    assert not engine.fell_back
    counts.clear()
    stepped(network, engine, spec.task_ids, inputs)
    assert counts and all(count == 1 for count in counts.values())


def test_weights_kept_between_give_the_same_gradients() -> None:
    for name in ("branching", "cross_stitch", "tree"):
        spec = NETWORKS[name]()
        network, inputs = compiled(spec), batch(spec)
        engine, balancer = engine_of(spec, network, every=3)
        found = []
        for step in (0, 1):
            balancer.begin(step)
            torch.manual_seed(0)
            found.append({key: value.clone() for key, value in stepped(network, engine, spec.task_ids, inputs).items()})
        assert_same(found[1], found[0])


@pytest.mark.parametrize(
    ("name", "clean"), [("shared", True), ("experts", True), ("mmoe", False), ("unet", False), ("cross_stitch", False)]
)
def test_features(name: str, clean: bool) -> None:
    spec = NETWORKS[name]()
    network, inputs = compiled(spec), batch(spec)
    plain = copy.deepcopy(network)
    engine, balancer = engine_of(spec, network, "features")
    assert engine.fell_back is not clean and engine.level == ("features" if clean else "parameters")
    torch.manual_seed(5)
    found = stepped(network, engine, spec.task_ids, inputs)
    torch.manual_seed(5)
    hand = by_hand(spec, plain, spec.task_ids, inputs)
    assert_same(found, expected(spec, plain, hand))  # the weights hold all the same; only the inner products differ
    if name == "shared":
        ends = [layer.id for layer in spec.network.layers if len(layer.tasks) == 3]
        held: list[Tensor] = []
        hook = plain.layers[ends[-1]].register_forward_hook(lambda _m, _i, out: held.append(out))
        torch.manual_seed(5)
        outputs = plain(inputs)
        hook.remove()
        rows = [
            torch.autograd.grad(loss_of(t, outputs[t]), held, retain_graph=True)[0].flatten() for t in spec.task_ids
        ]
        matrix = torch.stack(rows)
        torch.testing.assert_close(balancer.gramian, matrix @ matrix.T, rtol=1e-3, atol=1e-7)


def test_features_with_layers_of_some_tasks_below_the_split() -> None:
    """A branch of two tasks below the trunk that all share is told apart per task; the trunk is gone through once."""
    spec = project("tree", "kind", "labels", "mask")
    network, inputs = compiled(spec), batch(spec)
    plain = copy.deepcopy(network)
    engine, _ = engine_of(spec, network, "features")
    torch.manual_seed(5)
    found = stepped(network, engine, spec.task_ids, inputs)
    torch.manual_seed(5)
    assert_same(found, expected(spec, plain, by_hand(spec, plain, spec.task_ids, inputs)))


def test_frozen_layers_get_nothing() -> None:
    spec = branching()
    frozen = tuple(replace(layer, frozen=layer.id == "stem") for layer in spec.network.layers)
    spec = spec.with_network(replace(spec.network, layers=frozen))
    network, inputs = compiled(spec), batch(spec)
    engine, balancer = engine_of(spec, network)
    found = stepped(network, engine, spec.task_ids, inputs)
    assert_same(found, expected(spec, network, by_hand(spec, network, spec.task_ids, inputs)))
    assert not any(name.startswith("layers.stem.") for name in found)
    assert balancer.moment.tasks == ("kind", "mask")  # count hangs on the frozen stem alone: it has no row


def test_stopped_gradients_do_not_reach() -> None:
    spec = branching()
    layers, connections = spec.network.layers, spec.network.connections
    stop = replace(layers[3], id="stop", name="Stop", type="stop_gradient", tasks=frozenset(("mask",)))
    moved = tuple(
        replace(item, target="stop") if (item.source, item.target) == ("stem", "join") else item for item in connections
    )
    joined = (*moved, replace(connections[0], source="stop", target="join"))
    spec = spec.with_network(replace(spec.network, layers=(*layers, stop), connections=joined))
    network, inputs = compiled(spec), batch(spec)
    engine, _ = engine_of(spec, network)
    found = stepped(network, engine, spec.task_ids, inputs)
    assert_same(found, expected(spec, network, by_hand(spec, network, spec.task_ids, inputs)))


def test_lambda_is_relative_and_zero_drops_the_row() -> None:
    spec = branching()
    network, inputs = compiled(spec), batch(spec)
    engine, balancer = engine_of(spec, network)
    found = stepped(network, engine, spec.task_ids, inputs, {"kind": 0.1, "mask": 0.3, "count": 0.0})
    hand = by_hand(spec, network, ("kind", "mask"), inputs)
    factors = {"kind": 0.75, "mask": 2.25}
    hand = {task: {name: g * factors[task] for name, g in gradients.items()} for task, gradients in hand.items()}
    assert_same(found, expected(spec, network, hand))
    assert balancer.moment.tasks == ("kind", "mask")


def test_scaled_losses_show_the_same_inner_products() -> None:
    spec = branching()
    network, inputs = compiled(spec), batch(spec)
    engine, balancer = engine_of(spec, network)
    plain = {name: g.clone() for name, g in stepped(network, engine, spec.task_ids, inputs).items()}
    gramian = balancer.gramian
    scaled = stepped(network, engine, spec.task_ids, inputs, scale=torch.tensor(1024.0))
    torch.testing.assert_close(balancer.gramian, gramian)
    assert_same({name: g / 1024 for name, g in scaled.items()}, plain)


def test_gradients_of_two_batches_add_up() -> None:
    spec = branching("none")
    network, inputs = compiled(spec), batch(spec)
    engine, _ = engine_of(spec, network)
    once = {name: g.clone() for name, g in stepped(network, engine, spec.task_ids, inputs).items()}
    passed = engine.forward(inputs, spec.task_ids)
    losses = {task: loss_of(task, output) for task, output in passed.outputs.items()}
    engine.backward(passed, losses, dict.fromkeys(spec.task_ids, 1.0))
    assert_same(
        {name: p.grad for name, p in network.named_parameters() if p.grad is not None},
        {n: 2 * g for n, g in once.items()},
    )


@pytest.mark.parametrize("level", ["parameters", "features"])
def test_half_precision(level: Level) -> None:
    spec = project("shared", *THREE)
    network, inputs = compiled(spec), batch(spec)
    engine, _ = engine_of(spec, network, level)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        passed = engine.forward(inputs, spec.task_ids)
    losses = {task: loss_of(task, output) for task, output in passed.outputs.items()}
    engine.backward(passed, losses, dict.fromkeys(spec.task_ids, 1.0))
    found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    assert all(g.dtype == torch.float32 for g in found.values())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        wanted = expected(spec, network, by_hand(spec, network, spec.task_ids, inputs))
    for name, gradient in wanted.items():
        assert float((found[name] - gradient).norm()) <= 0.05 * float(gradient.norm()) + 1e-3, name


def test_memory_order_follows_the_weights() -> None:
    spec = project("shared", *THREE)
    network, inputs = compiled(spec).to(memory_format=torch.channels_last), batch(spec)
    inputs = {name: value.contiguous(memory_format=torch.channels_last) for name, value in inputs.items()}
    engine, _ = engine_of(spec, network)
    stepped(network, engine, spec.task_ids, inputs)
    for parameter in network.parameters():
        assert parameter.grad is not None and parameter.grad.stride() == parameter.stride()


def test_a_task_without_gradient_is_passed_over() -> None:
    spec = branching()
    network, inputs = compiled(spec), batch(spec)
    engine, balancer = engine_of(spec, network)
    passed = engine.forward(inputs, spec.task_ids)
    losses = {task: loss_of(task, output) for task, output in passed.outputs.items()}
    losses["kind"] = torch.zeros(())  # nothing present
    engine.backward(passed, losses, dict.fromkeys(spec.task_ids, 1.0))
    assert balancer.moment.tasks == ("mask", "count")
    assert all(p.grad is None for p in network.layers["kind_out"].parameters())


def test_many_tasks() -> None:
    names = tuple(f"t{number}" for number in range(40))
    task = project("shared", "kind").tasks[0]
    spec = project("shared", "kind")
    spec = replace(spec, tasks=tuple(replace(task, id=name, name=name) for name in names))
    spec = spec.with_network(template("shared").build(spec))
    network, inputs = compiled(spec), batch(spec, 2)
    engine, balancer = engine_of(spec, network)
    found = stepped(network, engine, spec.task_ids, inputs)
    assert_same(found, expected(spec, network, by_hand(spec, network, spec.task_ids, inputs)), 1e-4)
    assert balancer.gramian.shape == (40, 40)
