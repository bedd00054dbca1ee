"""All tasks together, all layers, from the first epoch to the last."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.training.strategies.interface import Strategy


def _plan(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    return ()


STRATEGY = Strategy(
    "joint", mark("Joint"), mark("All tasks in every step, all layers, throughout; a strong baseline."),
    "Caruana 1997", plan=_plan, order=10,
)  # fmt: skip
