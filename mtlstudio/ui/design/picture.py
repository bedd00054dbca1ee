"""What the grid shows besides the layout: names, figures, selection, marks. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.problems import Severity
from mtlstudio.project.spec import Connection, ProjectSpec, TaskSpec
from mtlstudio.tasks.registry import task_type
from mtlstudio.ui.design.geometry import Point, Rect
from mtlstudio.ui.design.hits import Buttons, Hit

if TYPE_CHECKING:
    from mtlstudio.ui.design.thumbs import Thumbs
    from mtlstudio.ui.design.tints import Tint


@dataclass
class Callout:
    """The words beside the split handle, each longest first: what fits is shown; `refused`: why something cannot be."""

    titles: tuple[str, ...] = ("",)
    lines: tuple[str, ...] = ("",)
    refused: bool = False

    @property
    def title(self) -> str:
        return self.titles[0]

    @property
    def line(self) -> str:
        return self.lines[0]


@dataclass
class Picture:
    """The state of the canvas that is not its layout.

    Attributes:
        spec: what is drawn: the document's, or the preview of a gesture.
        analysis: its figures, or older ones (`stale`), or None.
        marks: worst severity of the problems of each layer.
        fitting: connections that light up as targets; `target` the one under the pointer.
        band: the rubber band. ghost: (where, name) of the card that is being moved.
        wire: the connection that is being pulled, from where to where.
        ticks: places along the rows where the split point can stand.
        lifted: the row that is being moved, and the row it would take.
        landing: places where what is dragged would come to stand.
        joinable: cards that the pulled connection fits; None while none is pulled. joining: the one under the pointer;
            wire_from: the one it comes from.
        note: (where, words, whether they refuse) beside the pointer.
        buttons: what can be clicked on rows and groups. group_names: of layers and of tasks, by id.
        thumbs: the activations of a sample, where they are shown.
        tints: how the tasks of a layer agree, where it was measured and is shown.
        weight_top: right end of the λ sliders; `weights`: λ by task id, as shown.
    """

    spec: ProjectSpec
    analysis: Analysis | None = None
    stale: bool = False
    selection: frozenset[str] = frozenset()
    hover: Hit = field(default_factory=Hit)
    active: Hit = field(default_factory=Hit)
    marks: Mapping[str, Severity] = field(default_factory=dict)
    fitting: tuple[Connection, ...] = ()
    target: Connection | None = None
    band: Rect | None = None
    ghost: tuple[Point, str] | None = None
    wire: tuple[Point, Point] | None = None
    callout: Callout = field(default_factory=Callout)
    ticks: tuple[float, ...] = ()
    lifted: tuple[int, int] | None = None
    landing: tuple[Rect, ...] = ()
    joinable: frozenset[str] | None = None
    joining: str = ""
    wire_from: str = ""
    note: tuple[Point, str, bool] | None = None
    buttons: Buttons = field(default_factory=Buttons)
    group_names: dict[str, str] = field(default_factory=dict)
    thumbs: Thumbs | None = None
    tints: Mapping[str, Tint] = field(default_factory=dict)
    weight_top: float = 1.0
    weights: dict[str, float] = field(default_factory=dict)

    def group_of(self, task_id: str) -> str:
        """Id of the group of a task; "" without one."""
        return next((group.id for group in self.spec.task_groups if task_id in group.tasks), "")

    def marked(self) -> dict[str, Severity]:
        """Worst severity by layer, from the analysis."""
        found: dict[str, Severity] = {}
        order = list(Severity)
        for problem in self.analysis.problems if self.analysis else ():
            if problem.place.kind == "layer":
                worst = found.get(problem.place.id, problem.severity)
                found[problem.place.id] = min(worst, problem.severity, key=order.index)
        return found


@lru_cache(maxsize=256)
def task_words(task: TaskSpec, language: str) -> tuple[str, str]:
    """The two lines under a task's name: its type with the number of outputs, and its losses."""
    try:
        type_ = task_type(task.type)
    except KeyError:
        return tr("unknown type {type}", type=task.type), ""
    try:
        count = type_.bind(task).output_channels
        words = tr("{type} · {n}", type=tr(type_.name), n=count)
    except StudioError:
        words = tr(type_.name)
    names = {loss.id: tr(loss.name) for loss in type_.losses}
    return words, " + ".join(names.get(loss.type, loss.type) for loss in type_.loss_specs(task))


def weight_top(spec: ProjectSpec) -> float:
    """The right end of the λ sliders: 1 for shares, else the next round number that leaves room above the largest."""
    if spec.training.normalise_weights:
        return 1.0
    largest = max((task.loss_weight for task in spec.tasks), default=0.0)
    for top in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0):
        if largest < top:
            return top
    return 2 * largest
