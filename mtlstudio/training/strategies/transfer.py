"""A trained trunk is kept at first, then thawed from its end to its beginning at falling learning rates."""

from __future__ import annotations

from collections.abc import Collection

from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.project.staging import trunk
from mtlstudio.training.strategies.interface import Strategy


def _plan(spec: ProjectSpec, known: Collection[str]) -> tuple[StageSpec, ...]:
    layers = len(trunk(spec))
    depths = sorted({-(-layers // 3), -(-2 * layers // 3)} - {layers})
    thawing = [
        StageSpec(
            tr("Trunk thawed, {n} of {all}", n=depth, all=layers), trains="thawed", depth=depth, learning_rate=0.3
        )
        for depth in depths
    ]
    return (
        StageSpec(tr("Trunk frozen"), share=2.0, trains="branches"),
        *thawing,
        StageSpec(tr("All layers"), learning_rate=0.1),
    )


def _hindrance(spec: ProjectSpec) -> str:
    return "" if trunk(spec) else mark("no layer is shared by all tasks: there is no trunk to freeze")


STRATEGY = Strategy(
    "transfer", mark("Transfer"),
    mark("Branches on a frozen trunk first, which is then thawed from its end. For pretrained or inherited trunks."),
    "Yosinski et al. 2014, arXiv 1411.1792; Howard & Ruder 2018, arXiv 1801.06146 (thawing by depth)",
    plan=_plan, hindrance=_hindrance, order=50,
)  # fmt: skip
