"""The order of work of a network: which layer takes which values and leaves which. Computed once, no torch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from mtlstudio.network.interface import Port
from mtlstudio.network.wiring import Wiring
from mtlstudio.project.spec import LayerSpec

Argument: TypeAlias = int | tuple[int, ...] | None
"""A slot; for a variadic port several; None for an open optional port."""


@dataclass(frozen=True)
class Step:
    """One layer's work.

    Attributes:
        layer: its id.
        arguments: what it takes, port by port.
        results: (output port, slot) of what somebody needs of what it leaves.
        single: the module returns one tensor, for all the slots; else a dict by port.
        frees: slots that nobody needs afterwards.
    """

    layer: str
    arguments: tuple[Argument, ...]
    results: tuple[tuple[str, int], ...]
    single: bool
    frees: tuple[int, ...] = ()

    @property
    def is_plain(self) -> bool:
        """One tensor in, one out."""
        return self.single and len(self.arguments) == 1 and len(self.results) == 1


@dataclass(frozen=True)
class Plan:
    """The steps for some tasks.

    Attributes:
        inputs: (input id, slot) of what must be given.
        steps: in order.
        outputs: (task id, slot).
        slots: how many there are.
    """

    inputs: tuple[tuple[str, int], ...]
    steps: tuple[Step, ...]
    outputs: tuple[tuple[str, int], ...]
    slots: int

    @cached_property
    def quick(self) -> tuple[tuple[str, int, int, bool, Step | None], ...]:
        """The steps in the form that costs least to follow: (layer, argument, result, whether the argument is freed,
        None) for one tensor in and one out, as nearly all are; else the step itself in the last place."""
        return tuple(
            (step.layer, step.arguments[0], step.results[0][1], bool(step.frees), None)
            if step.is_plain and isinstance(step.arguments[0], int)
            else (step.layer, -1, -1, False, step)
            for step in self.steps
        )


@dataclass(frozen=True)
class Ports:
    """The ports of one layer; `reads`: the input that it reads, or None; `crosses`: it stands between tasks."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    reads: str | None = None
    crosses: bool = False


def make_plan(wired: Wiring, ports: Mapping[str, Ports], tasks: Collection[str]) -> Plan:
    """The steps that lead to the outputs of `tasks`, and no others."""
    wanted = [output for output in wired.outputs if output.task in tasks]
    needed = wired.needed({output.layer for output in wanted})
    order = [layer for layer in wired.order if layer in needed]
    used = {(output.layer, output.port) for output in wanted} | {
        (connection.source, connection.source_port) for layer in order for connection in wired.incoming[layer]
    }
    slots: dict[tuple[str, str], int] = {}

    def slot(layer: str, port: str) -> int:
        return slots.setdefault((layer, port), len(slots))

    inputs: dict[str, int] = {}
    steps = []
    for layer in order:
        own = ports[layer]
        arguments: tuple[Argument, ...]
        if own.reads is not None:
            arguments = (inputs.setdefault(own.reads, slot("", own.reads)),)
        else:
            arguments = _arguments(wired.layers[layer], wired, own, slot)
        results = tuple((port.name, slot(layer, port.name)) for port in own.outputs if (layer, port.name) in used)
        single = len(own.outputs) == 1 or (wired.layers[layer].bypassed and not own.crosses)
        steps.append(Step(layer, arguments, results, single))
    outputs = tuple((output.task, slots[output.layer, output.port]) for output in wanted)
    return Plan(tuple(inputs.items()), _with_frees(steps, {last for _task, last in outputs}), outputs, len(slots))


def _arguments(layer: LayerSpec, wired: Wiring, ports: Ports, slot: Callable[[str, str], int]) -> tuple[Argument, ...]:
    arguments: list[Argument] = []
    for port in ports.inputs:
        found = tuple(
            slot(connection.source, connection.source_port)
            for connection in wired.incoming[layer.id]
            if connection.target_port == port.name
        )
        if layer.bypassed and found and not ports.crosses:
            return (found[0],)
        arguments.append(found if port.variadic else found[0] if found else None)
    return tuple(arguments)


def _with_frees(steps: Sequence[Step], kept: set[int]) -> tuple[Step, ...]:
    """The steps, each told which values were used there for the last time."""
    seen = set(kept)
    result = []
    for step in reversed(steps):
        touched = {argument for argument in step.arguments if isinstance(argument, int)}
        for argument in step.arguments:
            if isinstance(argument, tuple):
                touched.update(argument)
        frees = tuple(sorted(touched - seen))
        seen |= touched
        result.append(Step(step.layer, step.arguments, step.results, step.single, frees))
    return tuple(reversed(result))
