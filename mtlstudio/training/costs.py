"""What each balancing method costs on the project's own network: estimated before, measured here in seconds.

The estimate is arithmetic on the analysis. A forward pass is the unit, a backward pass counts as two; with equal weights
a step is one of each. A method on gradients at the level of parameters goes backward through each task's own layers once
and through the shared ones once per task that reaches them, at the level of features once through everything. Its extra
memory is the matrix of gradients: a row per task, 4 bytes a number.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import complete
from mtlstudio.network.dice import drawn_apart
from mtlstudio.project.graph import influences
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.balancing import BalancingMethod, balancing_methods

if TYPE_CHECKING:
    import torch

    from mtlstudio.network.analysis import Analysis
    from mtlstudio.training.feed import Fed
    from mtlstudio.training.loop import Stepper

REFERENCE = "equal"
"""What every method is compared with."""
FLOAT = 4
_FORWARD, _BACKWARD = 1.0, 2.0
_WARM, _MOST, _LEAST = 3, 12, 4
_STILL = 1e-12
"""A learning rate that leaves the weights as they are: hundreds of steps on one batch would lead to gradients so small
that processors are slow with them."""
_SECONDS = 1.0
"""About how long one method is timed, when its steps are quick."""


@dataclass(frozen=True)
class MethodCost:
    """What a method costs.

    Attributes:
        method: its id.
        ratio: a step's time over that with equal weights.
        memory: bytes more than with equal weights.
        seconds: of a step, with its batch at hand; None where nothing was measured yet.
        run_seconds: of all steps of the run with the loading of their batches; validation is left out.
        steps: how many those are.
        measured: `ratio` and `seconds` were measured, on this machine.
        peak: `memory` is the measured peak of the device.
        failure: why it could not be measured, in the user's language.
    """

    method: str
    ratio: float = math.nan
    memory: int = 0
    seconds: float | None = None
    run_seconds: float | None = None
    steps: int = 0
    measured: bool = False
    peak: bool = False
    failure: str = ""


def estimated(spec: ProjectSpec, analysis: Analysis, method: BalancingMethod) -> MethodCost:
    """The arithmetic; see the module's text.

    Args:
        spec: the project.
        analysis: of its network.
        method: with the parameters that the project gives it, where it is the chosen one.
    """
    reached = influences(spec.network)
    macs = {layer: report.macs for layer, report in analysis.layers.items()}
    plain = (_FORWARD + _BACKWARD) * sum(macs.values())
    values = _values(spec, method)
    every = int(values.get("every", 1))
    due = plain + method.extra_passes * _FORWARD * sum(macs.values())
    if method.works_on == "gradients" and values.get("level") != "features":
        more = sum((len(reached.get(layer, ())) - 1) * macs[layer] for layer in macs if len(reached.get(layer, ())) > 1)
        due += _BACKWARD * more
    ratio = (due + (every - 1) * plain) / (every * plain) if plain else 1.0
    return MethodCost(method.id, ratio, matrix_bytes(spec, analysis, method))


def matrix_bytes(spec: ProjectSpec, analysis: Analysis, method: BalancingMethod) -> int:
    """What the matrix of gradients takes: tasks × numbers × 4 bytes; 0 for methods on losses."""
    if method.works_on != "gradients":
        return 0
    reached, tasks = influences(spec.network), frozenset(spec.task_ids)
    layers = {layer.id: layer for layer in spec.network.layers}
    reports = analysis.layers
    common = {layer for layer in reports if reached.get(layer, frozenset()) >= tasks}
    features = _values(spec, method).get("level") == "features"
    numbers = sum(
        report.parameters
        for layer, report in reports.items()
        if len(reached.get(layer, ())) > 1 and not layers[layer].frozen and not (features and layer in common)
    )
    if features:
        parting = {
            (item.source, item.source_port)
            for item in spec.network.connections
            if item.source in common and item.target not in common
        }
        shapes = [reports[layer].output_shapes.get(port, ()) for layer, port in parting]
        numbers += spec.training.batch_size * sum(math.prod(shape) for shape in shapes if shape)
    return len(tasks) * numbers * FLOAT


def scaled(cost: MethodCost, reference: MethodCost | None) -> MethodCost:
    """An estimate in seconds, once equal weights were measured."""
    if cost.measured or reference is None or reference.seconds is None or reference.run_seconds is None:
        return cost
    more = (cost.ratio - 1.0) * reference.seconds
    return replace(
        cost, seconds=reference.seconds + more, run_seconds=reference.run_seconds + more * reference.steps,
        steps=reference.steps,
    )  # fmt: skip


def measured(
    spec: ProjectSpec, folder: Path, methods: Sequence[str], cancelled: Callable[[], bool] = lambda: False
) -> Generator[MethodCost, None, None]:
    """Takes a few steps of the project's own network with each method, equal weights first.

    Nothing is written to the disk, and random numbers are left as they were: a training that runs in this process draws
    the same ones (but is slowed down).

    Args:
        spec: of the project.
        folder: of the project.
        methods: ids.
        cancelled: asked before each step.

    Raises:
        StudioError: there is no data to take steps with, or the network cannot be built.
    """
    from mtlstudio.training.devices import arithmetic, default_threads, resolve_device

    threads = spec.training.threads or default_threads()
    with arithmetic(threads, spec.training.deterministic):
        bench = _Bench(spec, folder, resolve_device(spec.training.device), cancelled)
        for method in dict.fromkeys((REFERENCE, *methods)):
            if cancelled():
                return
            found = bench.cost(method)
            if found is not None:
                yield found


class _Bench:
    """A batch of the project, and the steps taken with it.

    On the processor, where times wander with what else the machine does, steps with equal weights are taken in turns
    with those of the method; a GPU's memory is left to the method alone.
    """

    def __init__(
        self, spec: ProjectSpec, folder: Path, device: torch.device, cancelled: Callable[[], bool]
    ) -> None:  # fmt: skip
        from mtlstudio.training.slices import load_slice

        plain = replace(spec.training, compile=False, accumulate=1, measure_every=None)
        self._spec, self._folder = replace(spec, training=plain), folder
        self._device, self._cancelled = device, cancelled
        self._loaded, whole = load_slice(spec, folder, spec.training.batch_size, cancelled)
        self._steps = math.ceil(whole / spec.training.batch_size) * spec.training.epochs
        self._methods = {method.id: method for method in balancing_methods()}
        self._on_cuda = device.type == "cuda"
        self._reference: MethodCost | None = None
        self._plain: tuple[Stepper, Fed] | None = None
        self._loading = 0.0

    def cost(self, method: str) -> MethodCost | None:
        """Of one method; None where it was cancelled."""
        from mtlstudio.training.failures import explain

        try:
            found = self._cost(self._methods[method])
        except Exception as error:  # a method that does not fit into the memory must not end the others
            if method == REFERENCE:
                raise
            found = MethodCost(method, failure=explain(error, self._spec.training.batch_size, False).message)
            error.__traceback__ = None  # it holds the network
        self._forget()
        return found

    def _cost(self, method: BalancingMethod) -> MethodCost | None:
        before = self._peak(reset=True)
        stepper, fed = self._prepared(method)
        every = int(_values(self._spec, method).get("every", 1))
        due = self._timed(stepper, fed, 0)
        rest = self._timed(stepper, fed, 1) if every > 1 else due
        if self._cancelled() or due is None or rest is None:
            return None
        ratio = (due + (every - 1) * rest) / every
        memory = self._peak() - before if self._on_cuda else _held(stepper)
        if method.id == REFERENCE:  # the "ratio" to nothing is seconds
            self._reference = self._found(method, ratio, 1.0, memory)
            self._plain = None if self._on_cuda else (stepper, fed)
            return replace(self._reference, memory=0)
        assert self._reference is not None and self._reference.seconds
        return self._found(method, ratio * self._reference.seconds, ratio, memory - self._reference.memory)

    def _found(self, method: BalancingMethod, seconds: float, ratio: float, memory: int) -> MethodCost:
        each = max(seconds, self._loading) if self._on_cuda else seconds + self._loading  # a GPU's batches come ahead
        return MethodCost(
            method.id, ratio, memory, seconds, each * self._steps, self._steps, measured=True, peak=self._on_cuda
        )

    def _prepared(self, method: BalancingMethod) -> tuple[Stepper, Fed]:
        """A fresh network under that method, and a batch."""
        from mtlstudio.training.loop import Stepper
        from mtlstudio.training.progress import Progress
        from mtlstudio.training.setup import build

        chosen = MethodSpec(method.id, self._spec.training.balancing.parameters)
        chosen = chosen if method.id == self._spec.training.balancing.method else MethodSpec(method.id)
        spec = replace(self._spec, training=replace(self._spec.training, balancing=chosen))
        with drawn_apart():
            parts = build(spec, self._folder, self._loaded, self._device, fresh=True)
        parts.network.train()
        parts.learning_rate.at = lambda step, total=None: _STILL  # type: ignore[method-assign]
        fed = next(iter(parts.train.epoch(0)))
        if method.id == REFERENCE:  # the first batch of all is slow: what it needs is only just brought in
            began = time.perf_counter()
            fed = next(iter(parts.train.epoch(1)))
            self._loading = time.perf_counter() - began
        return Stepper(parts, Progress()), fed

    def _timed(self, stepper: Stepper, fed: Fed, number: int) -> float | None:
        """A step of that number over one with equal weights (in seconds while those were not measured); None where it
        was cancelled. Fewer steps are taken where they are slow."""
        times: list[float] = []
        plain: list[float] = []
        while len(times) < _WARM + _MOST and not (len(times) >= _WARM + _LEAST and sum(times) > _SECONDS):
            if self._cancelled():
                return None
            times.append(self._one(stepper, fed, number))
            if self._plain is not None:
                plain.append(self._one(*self._plain, number))
        stepper.measured()  # lets go of what it has gathered
        if plain:
            return _usual(times[_WARM:]) / _usual(plain[_WARM:])
        seconds = self._reference.seconds if self._reference is not None else None
        return _usual(times[_WARM:]) / (seconds or 1.0)

    def _one(self, stepper: Stepper, fed: Fed, number: int) -> float:
        """Seconds of one step."""
        stepper.progress.step, stepper.progress.step_in_epoch = number, 0
        with drawn_apart():
            self._wait()
            began = time.perf_counter()
            stepper.step(fed)
            self._wait()
            return time.perf_counter() - began

    def _wait(self) -> None:
        import torch

        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _peak(self, reset: bool = False) -> int:
        """The most bytes held on the GPU since the last reset; what is held now, if it is one."""
        import torch

        if self._device.type != "cuda":
            return 0
        if reset:
            torch.cuda.reset_peak_memory_stats(self._device)
        return int(torch.cuda.max_memory_allocated(self._device))

    def _forget(self) -> None:
        """Gives back the memory of the network that is gone."""
        import torch

        gc.collect()
        if self._device.type == "cuda":
            torch.cuda.empty_cache()


def _held(stepper: Stepper) -> int:
    """The matrices of gradients that a method keeps, in bytes."""
    engine = stepper.parts.engine
    return engine.held_bytes if engine is not None else 0


def _usual(times: Sequence[float]) -> float:
    """The mean of the quicker half: what others do on the machine counts less."""
    quick = sorted(times)[: (len(times) + 1) // 2]
    return sum(quick) / len(quick)


def _values(spec: ProjectSpec, method: BalancingMethod) -> Mapping[str, Any]:
    chosen = spec.training.balancing
    return complete(method.parameters, chosen.parameters if chosen.method == method.id else {})
