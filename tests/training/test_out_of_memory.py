"""The memory does not suffice: a proposal with the estimate behind it, nothing lost, nothing held on to."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.network.analyze import analyze
from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.memory import training_memory
from mtlstudio.project.fields import set_fields
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import RunFailed
from mtlstudio.runs.folder import create_run
from mtlstudio.training import setup
from mtlstudio.training.costs import matrix_bytes
from mtlstudio.training.gradients.engine import GradientEngine
from mtlstudio.training.gradients.forward import CutForward
from mtlstudio.training.methods import balancing_methods
from mtlstudio.training.room import smaller_batch, way_out
from mtlstudio.training.trainer import Trainer
from tests.training import drawn
from tests.training.small import project, trained

Patch = pytest.MonkeyPatch


def bursting(patch: Patch, owner: Any, name: str, call: int, error: Exception) -> None:
    """Lets a function raise at its `call`-th call (0-based)."""
    real, calls = getattr(owner, name), iter(range(10_000))

    def burst(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise error
        return real(*args, **kwargs)

    patch.setattr(owner, name, burst)


def cuda() -> Exception:
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


PLACES: dict[str, tuple[str, Callable[[Patch], None], int | None]] = {
    "forward": ("fixed", lambda patch: bursting(patch, MultiTaskNetwork, "forward", 6, cuda()), 4),
    "the engine's forward": ("pcgrad", lambda patch: bursting(patch, CutForward, "__call__", 6, cuda()), 4),
    "the engine's shared pass": ("mgda", lambda patch: bursting(patch, GradientEngine, "_back", 20, cuda()), 4),
    "the engine's rows": ("cagrad", lambda patch: bursting(patch, GradientEngine, "_fill_rows", 6, cuda()), 4),
    "the optimizer": ("fixed", lambda patch: bursting(patch, torch.optim.AdamW, "step", 6, cuda()), 4),
    "building": ("fixed", lambda patch: bursting(patch, setup, "_network", 0, MemoryError()), None),
    "the processor's": (
        "famo",
        lambda patch: bursting(
            patch, MultiTaskNetwork, "forward", 8, RuntimeError("[enforce fail] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 8589934592 bytes")
        ),
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_the_run_ends_with_a_proposal_and_the_next_one_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    method, burst, left = PLACES[place]
    spec = project(batch_size=4, balancing=MethodSpec(method))
    held: list[weakref.ref[Any]] = []
    build = MultiTaskNetwork.__init__

    def watched(self: MultiTaskNetwork, *args: Any) -> None:
        build(self, *args)
        held.append(weakref.ref(self))

    run = create_run(tmp_path, None, spec)
    with monkeypatch.context() as patch:
        patch.setattr(MultiTaskNetwork, "__init__", watched)
        burst(patch)
        events = Trainer(spec, tmp_path, run).run()
        end = [event for event in events if isinstance(event, RunFailed)][-1]
        gc.collect()
        assert all(ref() is None for ref in held), "the network is held on to"
    assert end.code == "memory" and "batch of 4" in end.message and "about" in end.message and "MB" in end.message
    assert end.checkpoint == left and run.info().status == "failed"
    assert end.proposal and end.fix
    changed = set_fields(spec, [(name, str(value)) for name, value in end.proposal.items()])
    assert trained(tmp_path, changed, "next").info().status == "finished"
    list(Trainer(spec, tmp_path, run, resume=True).run())  # or with more memory as it was
    assert run.info().status == "finished"


def needed(spec: ProjectSpec) -> int:
    analysis = analyze(spec)
    method = next(item for item in balancing_methods() if item.id == spec.training.balancing.method)
    return training_memory(spec, analysis).total + matrix_bytes(spec, analysis, method)


def applied(spec: ProjectSpec, fields: dict[str, Any]) -> ProjectSpec:
    return set_fields(spec, [(name, str(value)) for name, value in fields.items()])


def with_training(spec: ProjectSpec, **values: Any) -> ProjectSpec:
    return replace(spec, training=replace(spec.training, **values))


def test_a_batch_is_parted_until_it_is_estimated_to_fit_and_the_step_stays_as_large() -> None:
    spec = with_training(drawn.project("unet", "kind", "mask", "count", size=64), batch_size=64, accumulate=2)
    unknown = way_out(spec)
    assert unknown.fields == {"training.batch_size": 32, "training.accumulate": 4}
    room = needed(replace(spec, training=replace(spec.training, batch_size=8)))
    fits = way_out(spec, room=int(room / 0.85))
    assert fits.fields == {"training.batch_size": 8, "training.accumulate": 16}
    assert needed(applied(spec, fits.fields)) <= room < needed(applied(spec, unknown.fields))
    assert "batch of 8" in fits.fix and "16" in fits.fix


def test_a_matrix_of_gradients_that_weighs_most_is_got_rid_of_first() -> None:
    plain = drawn.project("shared", "kind", "mask", "count", size=32)
    spec = with_training(plain, batch_size=1, balancing=MethodSpec("pcgrad", FrozenDict(every=3)))
    found = way_out(spec)
    assert found.fields == {"training.balancing.level": "features"} and "PCGrad" in found.fix and "MB" in found.fix
    changed = applied(spec, found.fields)
    assert changed.training.balancing.parameters["every"] == 3 and needed(changed) < needed(spec)
    skips = drawn.project("unet", "kind", "mask", "count", size=32)  # the tasks part at several places
    branching = with_training(skips, batch_size=1, balancing=MethodSpec("mgda"))
    other = way_out(branching)
    assert other.fields == {"training.balancing.method": "fixed"}
    assert needed(applied(branching, other.fields)) < needed(branching)


def test_smaller_pictures_come_last_and_then_only_words_help() -> None:
    single = with_training(drawn.project("shared", "kind", "mask", size=64), batch_size=1)
    found = way_out(single)
    assert found.fields == {"data.image_size": 32} and "32" in found.fix
    assert way_out(applied(single, found.fields)).fields == {}
    assert smaller_batch(1).fields == {} and smaller_batch(1).fix
    assert smaller_batch(7, 1, 4).fields == {"training.batch_size": 1, "training.accumulate": 7}


def test_a_network_that_cannot_be_analysed_still_gets_half_the_batch() -> None:
    spec = drawn.project("shared", "kind", "mask")
    broken = spec.with_network(replace(spec.network, layers=spec.network.layers[:2]))
    assert way_out(with_training(broken, batch_size=6)).fields == {
        "training.batch_size": 3, "training.accumulate": 2,
    }  # fmt: skip
