"""Meta-learning: weights from which a few steps on any one task lead far; then all tasks from there."""

from __future__ import annotations

from collections.abc import Callable, Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.training.strategies.interface import Strategy, several_tasks


def _plan(method: str) -> Callable[[ProjectSpec, Collection[str]], tuple[StageSpec, ...]]:
    def plan(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
        return (
            StageSpec(tr("Meta-learning"), share=3.0, meta=method, restart=True),
            StageSpec(tr("Adapting"), restart=True),
        )

    return plan


STRATEGY = (
    Strategy(
        "fomaml", mark("First-order MAML"),
        mark("Learns weights that a few steps on any one task make good for it, then adapts to all."),
        "Finn et al. 2017, arXiv 1703.03400; Nichol et al. 2018, arXiv 1803.02999 (first order)",
        plan=_plan("fomaml"), hindrance=several_tasks, order=80,
    ),
    Strategy(
        "reptile", mark("Reptile"), mark("Moves the weights towards where a few steps on each task alone lead."),
        "Nichol et al. 2018, arXiv 1803.02999", plan=_plan("reptile"), hindrance=several_tasks, order=81,
    ),
)  # fmt: skip
