"""What to change where the memory does not suffice, with the estimate that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.analyze import analyze, examined
from mtlstudio.network.memory import training_memory
from mtlstudio.network.plan import make_plan
from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.costs import matrix_bytes
from mtlstudio.training.gradients.levels import has_clean_split

_LEAST_SIDE = 32
_ROOM = 0.9
"""Of the memory that there is; the rest is for what estimates leave out."""


@dataclass(frozen=True)
class Proposal:
    """A way out.

    Attributes:
        message: what does not fit, in the user's language, with the estimate.
        fix: what to change, in words.
        fields: the same as fields of the project: path -> value; empty where only words help.
    """

    message: str
    fix: str
    fields: dict[str, Any] = field(default_factory=dict)


def smaller_batch(size: int, gathered: int = 1, parts: int = 2) -> Proposal:
    """Half the batch (or another part), as many more of which are gathered for one step; without any estimate."""
    message = tr(mark("The memory does not suffice for this network and a batch of {size}."), size=size)
    if size < 2:
        return Proposal(message, tr(mark("Take smaller pictures or a smaller network.")))
    less = max(1, size // parts)
    more = gathered * -(-size // less)
    fix = tr(
        mark("Try a batch of {size} and gather {n} for each step, which stays as large."), size=less, n=more
    )  # fmt: skip
    return Proposal(message, fix, {"training.batch_size": less, "training.accumulate": more})


def way_out(spec: ProjectSpec, device: str = "cpu", room: int = 0) -> Proposal:
    """The first of some changes after which the training is estimated to fit: what weighs most is tried first.

    Args:
        spec: that did not fit.
        device: cpu, cuda or mps.
        room: bytes that there are; 0: not known, then the first change it is.
    """
    try:
        analysis = analyze(spec)
        needed, matrix = _needed(spec, analysis, device), _matrix(spec, analysis)
    except (StudioError, MemoryError, RuntimeError):
        return smaller_batch(spec.training.batch_size, spec.training.accumulate)
    message = tr(
        mark("The memory does not suffice for this network and a batch of {size}: it takes about {needed}."),
        size=spec.training.batch_size, needed=_words(needed),
    )  # fmt: skip
    first: Proposal | None = None
    for proposal in _changes(spec, matrix, matrix > (needed - matrix) / 2):
        first = first or proposal
        changed = set_fields(spec, [(name, str(value)) for name, value in proposal.fields.items()])
        if not room or _needed(changed, analyze(changed), device) <= _ROOM * room:
            first = proposal
            break
    if first is None:
        return Proposal(message, tr(mark("Take smaller pictures or a smaller network.")))
    return Proposal(message, first.fix, first.fields)


def room_of(device: str) -> int:
    """The memory that a training can have there, in bytes; 0 where that is not known."""
    import torch

    if device == "cuda" and torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory)
    return 0


def _changes(spec: ProjectSpec, matrix: int, method_first: bool) -> Iterator[Proposal]:
    if method_first:
        yield from _other_methods(spec, matrix)
    parts = 2
    while parts <= spec.training.batch_size:
        yield smaller_batch(spec.training.batch_size, spec.training.accumulate, parts)
        parts *= 2
    if matrix and not method_first:
        yield from _other_methods(spec, matrix)
    side = spec.data.image_size // 2
    if side >= _LEAST_SIDE:
        yield Proposal("", tr(mark("Try pictures of {size} pixels."), size=side), {"data.image_size": side})


def _other_methods(spec: ProjectSpec, matrix: int) -> Iterator[Proposal]:
    """The same method on the features where that is possible; a method on losses."""
    chosen = spec.training.balancing
    method = next(item for item in balancing_methods() if item.id == chosen.method)
    values = {"method": tr(method.name), "matrix": _words(matrix)}
    at_weights = chosen.parameters.get("level", "parameters") == "parameters"
    offers = any(parameter.name == "level" for parameter in method.parameters)
    if at_weights and offers and _parts_at_one_place(spec):
        words = mark(
            "{method} keeps a gradient of all shared weights for each task ({matrix}): compare those of the features."
        )
        yield Proposal("", tr(words, **values), {"training.balancing.level": "features"})
    words = mark(
        "{method} keeps a gradient for each task ({matrix}): a method on losses, such as fixed λ, does without."
    )
    yield Proposal("", tr(words, **values), {"training.balancing.method": "fixed"})


def _parts_at_one_place(spec: ProjectSpec) -> bool:
    found = examined(spec)
    plan = make_plan(found.wired, {layer: ready.ports for layer, ready in found.ready.items()}, spec.task_ids)
    return has_clean_split(spec.network, plan, spec.task_ids)


def _needed(spec: ProjectSpec, analysis: Analysis, device: str) -> int:
    return training_memory(spec, analysis, device=device).total + _matrix(spec, analysis)


def _matrix(spec: ProjectSpec, analysis: Analysis) -> int:
    method = next((item for item in balancing_methods() if item.id == spec.training.balancing.method), None)
    return matrix_bytes(spec, analysis, method) if method is not None else 0


def _words(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"
