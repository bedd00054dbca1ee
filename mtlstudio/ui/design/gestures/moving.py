"""Gestures that move things to another place: a card, a row, a loss weight, the end of a connection."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from PySide6.QtCore import Qt

from mtlstudio.base.texts import tr
from mtlstudio.network.interface import layer_type
from mtlstudio.project.edits import move_layer, move_task, set_loss_weights
from mtlstudio.project.spec import Connection, NetworkSpec, ProjectSpec
from mtlstudio.project.weights import set_shown_weight
from mtlstudio.ui.design.fits import fitting, refusal, shape_at
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import Gesture
from mtlstudio.ui.design.hits import connection_at, weight_at

_serial = count()


class MoveCard(Gesture):
    """Takes a card to another connection; those that it fits light up. A folded group goes if it is one plain way."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def start(self, at: Point) -> None:
        picture = self.canvas.picture
        layout = self.canvas.scene.layout
        members = layout.layers_of(self.hit.layer)
        own = way_of(picture.spec.network, members) if self.hit.layer in layout.groups else members
        self._fixed = self.hit.layer in layout.members and not (own and self.hit.layer in layout.groups)
        self._layer, self._own = picture.spec.network.layer((own or members)[0]), own
        self._name = layout.cards[self.hit.layer].spot.layer.name
        found = fitting(picture.spec, self.canvas.figures(), self._layer.type, self._layer.parameters)
        picture.fitting = () if self._fixed else tuple(
            c for c in found if c.source not in own and c.target not in own)  # fmt: skip

    def update(self, at: Point, adding: bool) -> None:
        picture = self.canvas.picture
        if self._fixed:
            picture.note = at, tr("Unfold it to move its layers"), True
            self.canvas.update()
            return
        picture.ghost = at, self._name
        near = connection_at(self.canvas.scene, at)
        picture.target = near if near in picture.fitting else None
        why = self._why(near) if near is not None and picture.target is None else ""
        picture.note = (at, why, True) if why else None
        self.canvas.update()

    def finish(self) -> None:
        target, own = self.canvas.picture.target, self._own
        self.cancel()
        if target is not None:
            self.canvas.document.apply(
                tr("Move {layer}", layer=self._name), lambda spec: _put_on(spec, own, target)
            )  # fmt: skip

    def cancel(self) -> None:
        picture = self.canvas.picture
        picture.ghost = picture.target = picture.note = None
        picture.fitting = ()

    def _why(self, near: Connection) -> str:
        """Why it cannot stand there; nothing of the connections that it has now."""
        if {near.source, near.target} & set(self._own):
            return ""
        try:
            shape = shape_at(self.canvas.figures(), near.source, near.source_port)
            return refusal(self.canvas.picture.spec, layer_type(self._layer.type), self._layer.parameters, shape)
        except KeyError:
            return ""


def way_of(network: NetworkSpec, layer_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Layers that stand one behind the other, in that order; () where they do not, or have connections besides."""
    inner = [c for c in network.connections if c.source in layer_ids and c.target in layer_ids]
    after = {c.source: c.target for c in inner}
    starts = [layer_id for layer_id in layer_ids if layer_id not in after.values()]
    if len(inner) != len(layer_ids) - 1 or len(after) != len(inner) or len(starts) != 1:
        return ()
    way = [starts[0]]
    while way[-1] in after:
        way.append(after[way[-1]])
    return tuple(way) if len(way) == len(layer_ids) else ()


def _put_on(spec: ProjectSpec, layer_ids: tuple[str, ...], target: Connection) -> ProjectSpec:
    """Layers moved onto a connection, one behind the other."""
    for layer_id in layer_ids:
        spec = move_layer(spec, layer_id, target)
        target = next(c for c in spec.network.connections if c.source == layer_id and c.target == target.target)
    return spec


class DragWeight(Gesture):
    """Moves a task's λ; the whole drag is one undo step."""

    cursor = Qt.CursorShape.SizeHorCursor
    at_once = True

    def start(self, at: Point) -> None:
        self._task = self.canvas.picture.spec.task(self.canvas.scene.layout.tasks[self.hit.row])
        self._top = self.canvas.picture.weight_top
        self._before = {task.id: task.loss_weight for task in self.canvas.picture.spec.tasks}
        self._key = f"weight-{next(_serial)}"
        self._told = False
        self.update(at, False)

    def update(self, at: Point, adding: bool) -> None:
        track = self.canvas.scene.slider(self.hit.row)
        if track is not None:
            self._set(weight_at(track, at.x, self._top))
            self.canvas.picture.weight_top = self._top

    def finish(self) -> None:
        self.canvas.refresh_weights()

    def cancel(self) -> None:
        if not self._told:
            self._apply(lambda spec: set_loss_weights(spec, self._before))
        self.finish()

    def abandon(self) -> None:
        self.finish()

    def _set(self, weight: float) -> None:
        if self._told:  # once is enough
            return
        self._told = bool(self._task.weight_schedule)
        self._apply(lambda spec: set_shown_weight(spec, self._task.id, weight))

    def _apply(self, edit: Callable[[ProjectSpec], ProjectSpec]) -> None:
        self.applying = True
        self.canvas.document.apply(tr("Loss weight of {task}", task=self._task.name), edit, merge=self._key)
        self.applying = False


class MoveRow(Gesture):
    """Takes a task's row, or that of a folded group, to another place."""

    cursor = Qt.CursorShape.SizeVerCursor

    def start(self, at: Point) -> None:
        self._to = self.hit.row

    def update(self, at: Point, adding: bool) -> None:
        self._to = self.canvas.scene.row_at(at.y)
        self.canvas.picture.lifted = self.hit.row, self._to
        self.canvas.update()

    def finish(self) -> None:
        self.cancel()
        if self._to == self.hit.row:
            return
        rows, spec = self.canvas.scene.layout.rows, self.canvas.document.spec
        moved, beside = rows[self.hit.row].tasks, rows[self._to].tasks
        down = self._to > self.hit.row
        named = next((group.name for group in spec.task_groups if group.id == rows[self.hit.row].group), "")
        name = named or spec.task(moved[0]).name
        self.canvas.document.apply(
            tr("Move {task}", task=name), lambda before: _moved(before, moved, beside[-1] if down else beside[0], down)
        )

    def cancel(self) -> None:
        self.canvas.picture.lifted = None


def _moved(spec: ProjectSpec, tasks: tuple[str, ...], beside: str, behind: bool) -> ProjectSpec:
    """The project with these tasks, in their order, right before or behind another one."""
    for task in tasks if behind else reversed(tasks):
        spec = move_task(spec, task, len(spec.tasks))
        others = [other for other in spec.task_ids if other != task]
        spec = move_task(spec, task, others.index(beside) + (1 if behind else 0))
        beside = task
    return spec
