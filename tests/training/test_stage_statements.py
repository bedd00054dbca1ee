"""Meta-learning, distillation, rehearsal and separate training against plain statements of what they are."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.edits import remove_task, set_parameters, set_strategy
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import Connection, LayerSpec, NetworkSpec, Output, ProjectSpec, StageSpec
from mtlstudio.runs.events import EpochFinished, StepsMeasured
from mtlstudio.tasks.registry import bind_all
from mtlstudio.training import loop
from mtlstudio.training.control import Control
from mtlstudio.training.feed import Fed
from mtlstudio.training.meta import MetaDescent
from mtlstudio.training.progress import Progress
from mtlstudio.training.setup import Parts, build, load_data
from tests.training.small import TASKS, of_kind, project, trained
from tests.training.test_resume import weights

RATE = 0.1


@pytest.fixture(autouse=True)
def _measured_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)


def plain(spec: ProjectSpec) -> ProjectSpec:
    """Without dropout, so that no pass draws anything."""
    return set_parameters(spec, ["drop"], p=0.0)


def at_work(spec: ProjectSpec, folder: Path) -> tuple[Parts, Fed]:
    """The parts of a run in its first stage, and its first batch."""
    loaded = load_data(spec, folder, Control(), None)
    parts = build(spec, folder, loaded, torch.device("cpu"), fresh=True)
    parts.network.train()
    list(parts.stages.begin(parts, Progress()))
    fed = next(iter(parts.train.epoch(0)))
    return parts, fed


def halves(present: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The first, third, fifth … sample with a target, and the others; twice the same where there is only one."""
    there = [number for number, has in enumerate(present.tolist()) if has]
    masks = []
    for chosen in (there[::2], there[1::2] or there[::2]):
        mask = torch.zeros(len(present), dtype=torch.bool)
        mask[chosen] = True
        masks.append(mask)
    return masks[0], masks[1]


def adapted(parts: Parts, fed: Fed, task: str, parts_seen: Sequence[torch.Tensor]) -> torch.nn.Module:
    """A copy of the network after plain gradient descent on one task, a step for each part of the batch."""
    network = copy.deepcopy(parts.network)
    steps = torch.optim.SGD(network.parameters(), lr=RATE)
    for mask in parts_seen:
        steps.zero_grad()
        outputs = network(fed.batch.inputs, [task])
        parts.tasks[task].loss(outputs[task], fed.batch.targets[task], mask).value.backward()
        steps.step()
    return network


def reference(parts: Parts, fed: Fed, method: str, inner: int, share: dict[str, float]) -> dict[str, torch.Tensor]:
    """The gradient of the whole step by name, from copies of the network alone."""
    found = {name: torch.zeros_like(value) for name, value in parts.network.named_parameters()}
    for task in fed.tasks:
        first, second = halves(fed.batch.present[task])
        if method == "fomaml":
            network = adapted(parts, fed, task, [first] * inner)
            network.zero_grad()
            outputs = network(fed.batch.inputs, [task])
            parts.tasks[task].loss(outputs[task], fed.batch.targets[task], second).value.backward()
            for name, parameter in network.named_parameters():
                if parameter.grad is not None:
                    found[name] += share[task] * parameter.grad
        else:
            network = adapted(parts, fed, task, [(first, second)[number % 2] for number in range(inner)])
            before = dict(parts.network.named_parameters())
            for name, parameter in network.named_parameters():
                found[name] += share[task] * (before[name].detach() - parameter.detach()) / RATE
    return found


@pytest.mark.parametrize("inner", [1, 2, 3])
@pytest.mark.parametrize("method", ["fomaml", "reptile"])
def test_meta_learning_agrees_with_plain_descent_on_copies(tmp_path: Path, method: str, inner: int) -> None:
    stage = StageSpec("meta", meta=method, inner_steps=inner, inner_rate=RATE)
    parts, fed = at_work(set_strategy(plain(project(norm="none", missing=0.4, batch_size=6)), [stage]), tmp_path)
    share = {"largest": 0.2, "mask": 0.5, "count": 0.3}
    wanted = reference(parts, fed, method, inner, share)
    before = {name: value.detach().clone() for name, value in parts.network.named_parameters()}
    found = MetaDescent(parts)(fed, fed.tasks, share)
    for name, parameter in parts.network.named_parameters():
        assert torch.equal(parameter, before[name]), "the weights are left where they were"
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(gradient, wanted[name], rtol=1e-4, atol=1e-6)
    assert sum(float(value.abs().sum()) for value in wanted.values()) > 0
    total = sum(share[task] * float(found.losses[task]) for task in fed.tasks)
    assert float(found.total) == pytest.approx(total, rel=1e-5)


def test_first_order_maml_with_no_way_to_go_is_the_plain_gradient(tmp_path: Path) -> None:
    """With an inner rate of next to nothing θ_t is θ: the gradient is that of the second part's losses."""
    stage = StageSpec("meta", meta="fomaml", inner_steps=2, inner_rate=1e-8)
    parts, fed = at_work(set_strategy(plain(project(norm="none", batch_size=6)), [stage]), tmp_path)
    share = dict.fromkeys(TASKS, 1.0)
    MetaDescent(parts)(fed, fed.tasks, share)
    mine = {name: value.grad.clone() for name, value in parts.network.named_parameters() if value.grad is not None}
    parts.network.zero_grad()
    outputs = parts.network(fed.batch.inputs)
    loss: Any = sum(
        parts.tasks[task].loss(outputs[task], fed.batch.targets[task], halves(fed.batch.present[task])[1]).value
        for task in TASKS
    )
    loss.backward()
    for name, parameter in parts.network.named_parameters():
        torch.testing.assert_close(mine[name], parameter.grad, rtol=1e-4, atol=1e-6)


def test_statistics_follow_the_pass_at_the_start_alone(tmp_path: Path) -> None:
    stage = StageSpec("meta", meta="reptile", inner_steps=3, inner_rate=RATE)
    parts, fed = at_work(set_strategy(plain(project(norm="batch", batch_size=6)), [stage]), tmp_path)
    other = copy.deepcopy(parts.network)
    MetaDescent(parts)(fed, fed.tasks, dict.fromkeys(TASKS, 1.0))
    for task in fed.tasks:
        other(fed.batch.inputs, [task])
    for (name, mine), (_name, wanted) in zip(parts.network.named_buffers(), other.named_buffers(), strict=True):
        torch.testing.assert_close(mine, wanted, msg=name)


@pytest.mark.parametrize("task", TASKS)
def test_what_is_kept_is_zero_at_the_teacher_and_has_its_gradient(task: str) -> None:
    """Distributions: the gradient of T² · cross-entropy with the softened outputs; numbers: the mean squared difference."""
    spec = project()
    bound = bind_all(spec)[task]
    torch.manual_seed(0)
    shape = {"largest": (5, bound.output_channels), "mask": (3, bound.output_channels, 4, 4), "count": (5, 1)}[task]
    output, taught = torch.randn(shape, requires_grad=True), torch.randn(shape)
    assert float(bound.kept(taught, taught)) == pytest.approx(0.0, abs=1e-6)
    found = torch.autograd.grad(bound.kept(output, taught), output)[0]
    if task == "count":
        wanted = 2 * (output - taught) / output.numel()
    else:
        flat = output.movedim(1, -1).reshape(-1, shape[1])
        soft = (taught / 2).softmax(1).movedim(1, -1).reshape(-1, shape[1])
        wanted = torch.autograd.grad(4 * torch.nn.functional.cross_entropy(flat / 2, soft), output)[0]
    torch.testing.assert_close(found, wanted.detach(), rtol=1e-5, atol=1e-7)


def test_distillation_adds_what_is_kept_of_the_old_run_to_the_old_tasks(tmp_path: Path) -> None:
    """A first step from the old weights, no rehearsal: the old tasks' losses are w times their distance to the teacher."""
    old = remove_task(plain(project(norm="none", epochs=2)), "count")
    run = trained(tmp_path, old, "old")
    stage = StageSpec("add", old_tasks=("largest", "mask"), distillation=3.0, rehearsal=0.0)
    spec = plain(project(norm="none", start_from="old", epochs=1))
    spec = replace(spec, network=replace(spec.network, layers=tuple(spec.network.layers)))
    parts, fed = at_work(set_strategy(spec, [stage]), tmp_path)
    fed = parts.stages.counted(fed, Progress())
    assert fed.tasks == TASKS and not any(bool(fed.batch.present[task].any()) for task in ("largest", "mask"))
    from mtlstudio.network.trained import load_network
    from mtlstudio.training.descent import Descent

    teacher = load_network(run).network
    found = Descent(parts)(fed, fed.tasks, dict.fromkeys(TASKS, 1.0))
    outputs = parts.network(fed.batch.inputs)
    with torch.no_grad():
        taught = teacher(fed.batch.inputs)
    cross = torch.nn.functional.kl_div(
        (outputs["largest"] / 2).log_softmax(1), (taught["largest"] / 2).softmax(1), reduction="batchmean"
    )
    assert found.losses["largest"].item() == pytest.approx(3.0 * 4.0 * cross.item(), rel=1e-4)
    assert found.losses["mask"].item() > 0 and float(found.counts["mask"]) > 0


def test_a_run_held_to_its_teacher_with_nothing_new_stays_there(tmp_path: Path) -> None:
    """From the teacher's own weights distillation alone has no gradient: the weights do not move."""
    spec = plain(project(norm="none", epochs=1, optimizer=MethodSpec("sgd", FrozenDict(weight_decay=0.0))))
    trained(tmp_path, spec, "old")
    stage = StageSpec("keep", old_tasks=TASKS, distillation=1.0, rehearsal=0.0)
    follower = set_strategy(replace(spec, training=replace(spec.training, start_from="old")), [stage])
    run = trained(tmp_path, follower, "kept")
    for end in of_kind(list(run.events()), EpochFinished):
        assert all(loss == pytest.approx(0.0, abs=1e-5) for loss in end.train_losses.values())
    from mtlstudio.runs.folder import find_run

    before, after = weights(find_run(tmp_path, "old"), "best"), weights(run)
    for name, value in before.items():
        torch.testing.assert_close(after[name], value, rtol=1e-4, atol=1e-6)


def test_rehearsal_keeps_the_same_share_of_samples_in_every_epoch(tmp_path: Path) -> None:
    stage = StageSpec("few", old_tasks=("mask",), rehearsal=0.4)
    parts, _fed = at_work(set_strategy(project(count=80, batch_size=8), [stage]), tmp_path)
    kept = []
    for epoch in range(2):
        keys: set[str] = set()
        for fed in parts.train.epoch(epoch):
            assert bool(fed.batch.present["largest"].all())
            keys |= {
                key for key, there in zip(fed.batch.keys, fed.batch.present["mask"].tolist(), strict=True) if there
            }
        kept.append(keys)
    assert kept[0] == kept[1] and 0.2 < len(kept[0]) / 56 < 0.6


def apart() -> ProjectSpec:
    """Two tasks that share nothing but the picture."""
    layers = [LayerSpec("input", "Input", "input", frozenset(("largest", "count")), FrozenDict(input="image"))]
    connections: list[Connection] = []
    for task in ("largest", "count"):
        own = frozenset((task,))
        layers.append(
            LayerSpec(f"stem_{task}", "Stem", "convolution", own, FrozenDict(out_channels=4, kernel_size=3, stride=4))
        )
        layers += [
            LayerSpec(f"pool_{task}", "Pool", "global_pool", own),
            LayerSpec(f"head_{task}", "Head", "linear_head", own),
        ]
        connections += [
            Connection("input", f"stem_{task}"), Connection(f"stem_{task}", f"pool_{task}"),
            Connection(f"pool_{task}", f"head_{task}"),
        ]  # fmt: skip
    outputs = tuple(Output(task, f"head_{task}") for task in ("largest", "count"))
    spec = remove_task(project(epochs=4, batch_size=64, normalise_weights=True), "mask")
    spec = replace(spec, network=NetworkSpec(tuple(layers), tuple(connections), outputs))
    still = replace(spec.data, flip_horizontal=0.0, crop_scale=1.0, colour=0.0)
    return replace(spec, data=still)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_separate_training_of_ways_that_share_nothing_is_training_each_alone(tmp_path: Path, optimizer: str) -> None:
    """Whole-set batches without augmentation: the order of samples does not count. Both start from the same weights."""
    spec = apart()
    spec = replace(spec, training=replace(spec.training, optimizer=MethodSpec(optimizer)))
    trained(tmp_path, replace(spec, training=replace(spec.training, epochs=0)), "start")
    from mtlstudio.training.strategies import with_strategy

    spec = replace(spec, training=replace(spec.training, start_from="start"))
    together = trained(tmp_path, with_strategy(spec, "separate"), "together")
    losses = of_kind(list(together.events()), StepsMeasured)
    for number, task in enumerate(("largest", "count")):
        other = {"largest": "count", "count": "largest"}[task]
        alone = remove_task(replace(spec, training=replace(spec.training, epochs=2)), other)
        single = trained(tmp_path, alone, f"alone_{task}")
        mine = [value for event in losses for value in event.losses[task] if value is not None]
        wanted = [value for event in of_kind(list(single.events()), StepsMeasured) for value in event.losses[task]]
        assert len(mine) == len(wanted) == 2
        assert mine == pytest.approx(wanted, rel=1e-5), number
        kept, ended = weights(single), weights(together)
        for name, value in kept.items():
            torch.testing.assert_close(ended[name], value, rtol=1e-4, atol=1e-6)
