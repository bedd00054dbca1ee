"""How often the host waits for the device: never in a step, once where a method's problem is solved on the host."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.settings import MethodSpec
from mtlstudio.training.balancing import Balancer, balancing_methods
from mtlstudio.training.balancing.on_gradients import SolvedBalancer
from mtlstudio.training.control import Control
from mtlstudio.training.feed import Fed
from mtlstudio.training.loop import Stepper
from mtlstudio.training.progress import Progress
from mtlstudio.training.setup import build, load_data
from tests.benchmarks.counting import Counts, counted
from tests.training.small import project

METHODS = [method.id for method in balancing_methods() if not method.lacks()]
STEPS = 6


def stepping(method: str, device: str = "cpu", missing: float = 0.0, **values: object) -> tuple[Stepper, list[Fed]]:
    """A run in the middle of its first epoch, and the batches to come."""
    spec = project(count=40, missing=missing, device=device, balancing=MethodSpec(method, FrozenDict(values)))
    loaded = load_data(spec, Path(), Control(), None)
    parts = build(spec, Path(), loaded, torch.device(device), fresh=True)
    parts.network.train()
    stepper, batches = Stepper(parts, Progress()), parts.train.epoch(0)
    stepper.step(next(batches))  # the first moves constants and makes buffers
    return stepper, list(islice(batches, STEPS))


@contextmanager
def counted_but_for(balancer: Balancer) -> Iterator[Counts]:
    """Counts; what a solver reads of numbers that are on the host already is left out."""
    with counted() as counts:
        if isinstance(balancer, SolvedBalancer):
            solve = balancer.solve

            def apart(gramian: Any, places: Any) -> Any:
                before = counts.reads
                try:
                    return solve(gramian, places)
                finally:
                    counts.reads = before

            balancer.solve = apart  # type: ignore[method-assign]
        yield counts
    vars(balancer).pop("solve", None)


@pytest.mark.parametrize("missing", [0.0, 0.5])
@pytest.mark.parametrize("method", METHODS)
def test_a_step_reads_nothing_but_what_a_solver_needs(method: str, missing: float) -> None:
    stepper, batches = stepping(method, missing=missing)
    balancer = stepper.parts.balancer
    for fed in batches:
        with counted_but_for(balancer) as counts:
            stepper.step(fed)
        assert counts.reads == (1 if isinstance(balancer, SolvedBalancer) else 0)


def test_steps_that_keep_their_weights_read_nothing() -> None:
    stepper, batches = stepping("mgda", every=3)  # one step was taken
    found = []
    for fed in batches:
        with counted_but_for(stepper.parts.balancer) as counts:
            stepper.step(fed)
        found.append(counts.reads)
    assert found == [0, 0, 1, 0, 0, 1]


@pytest.mark.parametrize(("method", "most"), [("equal", 1), ("uncertainty", 2), ("mgda", 2)])
def test_the_measurements_of_many_steps_are_read_at_once(method: str, most: int) -> None:
    """Losses in one transfer, the weights that a method found in another."""
    stepper, batches = stepping(method)
    for fed in batches:
        stepper.step(fed)
    with counted() as counts:
        event, fault = stepper.measured()
    assert event is not None and fault is None and len(event.total) == STEPS + 1
    assert 1 <= counts.reads <= most


def test_the_counter_sees_what_would_wait() -> None:
    values = torch.arange(4.0)
    reads: list[Callable[[], object]] = [
        lambda: values[0].item(), lambda: bool(values[0]), lambda: float(values[0]), lambda: values.tolist(),
        lambda: values.cpu().numpy(), lambda: values[values > 1], lambda: values.nonzero(), lambda: max(values[:2]),
    ]  # fmt: skip
    for read in reads:
        with counted() as counts:
            read()
        assert counts.reads == 1
    with counted() as counts:
        _ = (values * 2).sum() + values[1:].clamp(min=0)
        values.masked_fill_(values > 1, 0.0)
    assert counts.reads == 0


@pytest.mark.gpu
@pytest.mark.parametrize("method", ["equal", "fixed", "uncertainty", "dwa", "gradnorm", "mgda", "upgrad"])
def test_on_cuda_a_step_waits_for_nothing_but_a_solver(method: str) -> None:
    stepper, batches = stepping(method, "cuda")
    solved = isinstance(stepper.parts.balancer, SolvedBalancer)
    for fed in batches:
        torch.cuda.set_sync_debug_mode("warn")
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                stepper.step(fed)
        finally:
            torch.cuda.set_sync_debug_mode("default")
        waits = [str(item.message) for item in told if "synchroniz" in str(item.message)]
        assert len(waits) == (1 if solved else 0), waits
