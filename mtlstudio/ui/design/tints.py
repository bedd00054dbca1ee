"""The agreement of tasks as tints of cards: which, and what a tool tip says of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mtlstudio.base.texts import tr
from mtlstudio.project.graph import reaches
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.interactions import Estimate, Interactions
from mtlstudio.ui.train.agreement_words import RECENT, estimate_words, task_names

_TOLD = 6
_FAINT = 0.05
"""A cosine nearer to 0 is neither conflict nor agreement."""


@dataclass(frozen=True)
class Tint:
    """What a card shows of the agreement of its tasks.

    Attributes:
        value: the lowest mean cosine of two of them.
        lines: for the tool tip, the worst pairs first.
    """

    value: float
    lines: tuple[str, ...]

    @property
    def role(self) -> str:
        """The colour it takes: bad for a conflict, good for agreement, "" for neither."""
        return "" if abs(self.value) < _FAINT else "good" if self.value > 0 else "bad"


def tints_of(spec: ProjectSpec, found: Interactions) -> dict[str, Tint]:
    """Layer id -> its tint, for the layers that this design still shares."""
    sharing = reaches(spec.network)
    tints: dict[str, Tint] = {}
    for layer in found.layers:
        there = [found.tasks.index(task) for task in found.tasks if task in sharing.get(layer, frozenset())]
        means = found.cosine(layer, RECENT)
        pairs = [(i, j) for place, i in enumerate(there) for j in there[place + 1 :] if math.isfinite(means[i, j])]
        known = sorted(pairs, key=lambda pair: float(means[pair]))[:_TOLD]
        named = [(found.tasks[i], found.tasks[j]) for i, j in known]
        estimates = [found.estimate(layer, *pair, RECENT) for pair in named]
        if known:
            lines = tuple(_line(spec, item, *pair) for item, pair in zip(estimates, named, strict=True))
            tints[layer] = Tint(estimates[0].mean, lines)
    return tints


def worst(tints: Mapping[str, Tint], layers: Iterable[str]) -> Tint | None:
    """Of the layers that a card stands for, the tint with the lowest cosine."""
    there = [tints[layer] for layer in layers if layer in tints]
    return min(there, key=lambda tint: tint.value) if there else None


def _line(spec: ProjectSpec, found: Estimate, first: str, second: str) -> str:
    return tr(
        "{first} and {second}: cosine of gradients {figures}",
        first=task_names(spec, (first,)), second=task_names(spec, (second,)), figures=estimate_words(found),
    )  # fmt: skip
