"""Gradient accumulation, averaged weights, compiled layers: the same training by other means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.network.trained import load_network
from mtlstudio.project.spec import LossSpec, MethodSpec
from mtlstudio.runs.events import EpochFinished, Noted, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import compiled, loop, notes
from mtlstudio.training.averaging import WeightAverage
from mtlstudio.training.checkpoints import newest_checkpoint
from mtlstudio.training.devices import resolve_device
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses, of_kind, project, trained

SGD = MethodSpec("sgd")


def weights(run: RunFolder, which: str = "last") -> dict[str, torch.Tensor]:
    return load_file(run.store.find(which).path / "network.safetensors")


def far(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return max(float((one[name].double() - other[name].double()).abs().max()) for name in one)


def without_chance(**training: Any) -> Any:
    """No dropout, no batch normalisation, no augmentation, no loss over whole batches (Dice), 16 training
    pictures: a batch of 8 is then two of 4."""
    spec = project(count=23, norm="none", optimizer=SGD, schedule=MethodSpec("constant"), epochs=2, **training)
    still = tuple(replace(layer, bypassed=layer.id == "drop") for layer in spec.network.layers)
    data = replace(spec.data, flip_horizontal=0.0, crop_scale=1.0, colour=0.0)
    tasks = tuple(
        replace(task, losses=(LossSpec("cross_entropy"),) if task.id == "mask" else ()) for task in spec.tasks
    )
    return replace(spec, tasks=tasks, network=replace(spec.network, layers=still), data=data)


@pytest.mark.parametrize("method", ["equal", "fixed", "mgda", "upgrad"])
def test_gathered_batches_step_like_one_large_batch_as_far_as_the_method_is_linear(tmp_path: Path, method: str) -> None:
    """The mean gradient of two halves is that of the whole. Methods that decide anew for each batch differ."""
    balancing = MethodSpec(method)
    large = trained(tmp_path, without_chance(batch_size=8, balancing=balancing), "large")
    gathered = trained(tmp_path, without_chance(batch_size=4, accumulate=2, balancing=balancing), "gathered")
    single = trained(tmp_path, without_chance(batch_size=4, balancing=balancing), "single")
    start = trained(tmp_path, replace(without_chance(), training=replace(without_chance().training, epochs=0)), "start")
    moved = far(weights(start), weights(large))
    assert moved > 1e-3
    if method in ("equal", "fixed"):
        assert far(weights(large), weights(gathered)) < 1e-6
    assert far(weights(large), weights(single)) > 1e-2 * moved
    assert far(weights(gathered), weights(single)) > 1e-2 * moved


def test_an_incomplete_last_group_is_the_mean_over_the_batches_that_it_has(tmp_path: Path) -> None:
    """Of 17 training pictures five batches of 4 are made; gathered by 8 all of them step once, as their mean."""
    spec = without_chance(batch_size=4, accumulate=8)
    run = trained(tmp_path, spec)
    steps = sum(len(event.total) for event in of_kind(list(run.events()), StepsMeasured))
    per_epoch = steps // 2
    exact = trained(tmp_path, without_chance(batch_size=4, accumulate=per_epoch), "exact")
    assert 1 < per_epoch < 8
    assert losses(run) == losses(exact)


@pytest.mark.parametrize("training", [{"accumulate": 3}, {"ema": 0.9}, {"accumulate": 2, "ema": 0.99}])
@pytest.mark.parametrize("method", ["uncertainty", "pcgrad", "famo"])
def test_resumed_in_the_middle_of_an_epoch_it_goes_on_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, training: dict[str, Any], method: str
) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    spec = project(balancing=MethodSpec(method), epochs=3, checkpoint_steps=2, missing=0.4, **training)
    whole = trained(tmp_path, spec, "whole")
    run = create_run(tmp_path, "broken", spec)
    events = Trainer(spec, tmp_path, run).run()
    for event in events:
        if isinstance(event, StepsMeasured) and event.step >= 8:
            break
    events.close()  # type: ignore[attr-defined]
    list(Trainer(spec, tmp_path, run, resume=True).run())
    assert losses(run) == losses(whole)
    assert far(weights(run), weights(whole)) == 0.0
    one, other = (of_kind(list(found.events()), EpochFinished) for found in (run, whole))
    assert [event.val_losses for event in one] == [event.val_losses for event in other]


def test_the_average_is_that_of_its_formula() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    average = WeightAverage(network, 0.5)
    expected = {name: tensor.double().clone() for name, tensor in network.state_dict().items()}
    for number in range(1, 6):
        with torch.no_grad():
            network[0].weight += torch.randn(2, 3)
        network[1](torch.randn(4, 2))
        average.update()
        share = min(0.5, (1 + number) / (10 + number))
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point():
                expected[name] = share * expected[name] + (1 - share) * tensor.double()
            else:
                expected[name] = tensor.double()
    trained_weights = average.trained()
    with average.used():
        for name, tensor in network.state_dict().items():
            assert torch.allclose(tensor.double(), expected[name], atol=1e-6), name
    assert all(torch.equal(tensor, trained_weights[name]) for name, tensor in network.state_dict().items())


def test_what_is_validated_and_kept_is_the_average(tmp_path: Path) -> None:
    """The training itself stays the same: only what is judged and kept differs."""
    plain = trained(tmp_path, project(epochs=3), "plain")
    averaged = trained(tmp_path, project(epochs=3, ema=0.95), "averaged")
    assert losses(plain) == losses(averaged)
    assert far(weights(plain), weights(averaged)) > 1e-4
    _, training, _ = newest_checkpoint(averaged)
    assert far(weights(plain), training["average"]["trained"]) == 0.0
    loaded = load_network(averaged, "last").network.state_dict()
    assert far(weights(averaged), {name: loaded[name] for name in weights(averaged)}) == 0.0
    one, other = (of_kind(list(run.events()), EpochFinished)[-1].val_losses for run in (plain, averaged))
    assert one != other


def test_where_compilers_are_missing_it_trains_all_the_same_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(device: object, backend: str) -> None:
        raise RuntimeError("no compiler\nsecond line")

    monkeypatch.setattr(compiled, "_probe", refuse)
    run = trained(tmp_path, project(epochs=1, compile=True))
    told = [event for event in of_kind(list(run.events()), Noted) if event.code == notes.NOT_COMPILED]
    assert [event.values for event in told] == [{"reason": "no compiler"}]
    assert losses(run) == losses(trained(tmp_path, project(epochs=1), "plain"))


@pytest.mark.parametrize("method", ["fixed", "pcgrad"])
def test_compiled_layers_compute_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """By the back end that needs no compiler; names of weights stay, so that checkpoints fit."""
    made = compiled.compile_layers
    told: list[Any] = []

    def by_eager(network: Any, device: Any, several_passes: bool) -> Any:
        told.append(made(network, device, several_passes, backend="aot_eager"))
        return told[-1]

    monkeypatch.setattr("mtlstudio.training.setup.compile_layers", by_eager)
    balancing = MethodSpec(method)
    quick = trained(tmp_path, project(epochs=1, compile=True, balancing=balancing), "compiled")
    plain = trained(tmp_path, project(epochs=1, balancing=balancing), "plain")
    assert told == [[]]
    assert far(weights(quick), weights(plain)) < 1e-5
    assert set(load_network(quick, "last").network.state_dict()) == set(weights(plain))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device")
def test_compiled_on_cuda(tmp_path: Path) -> None:
    assert compiled._probe(resolve_device("cuda"), "inductor") is None  # type: ignore[func-returns-value]
    run = trained(tmp_path, project(epochs=1, compile=True, device="cuda"))
    assert run.info().status == "finished"
