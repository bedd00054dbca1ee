"""Gestures that move things to another place: a card, a row, a loss weight, the end of a connection."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from PySide6.QtCore import Qt

from mtlstudio.base.texts import tr
from mtlstudio.network.interface import layer_type
from mtlstudio.project.edits import move_layer, move_task, set_loss_weights
from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.project.weights import set_shown_weight
from mtlstudio.ui.design.fits import fitting, refusal, shape_at
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import Gesture
from mtlstudio.ui.design.hits import connection_at, weight_at

_serial = count()


class MoveCard(Gesture):
    """Takes a card to another connection; those that it fits light up. A folded group stays where it is."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def start(self, at: Point) -> None:
        picture = self.canvas.picture
        self._layer = picture.spec.network.layer(self.hit.layer)
        self._fixed = self.hit.layer in self.canvas.scene.layout.members
        found = fitting(picture.spec, self.canvas.figures(), self._layer.type, self._layer.parameters)
        own = (self._layer.id,)
        picture.fitting = () if self._fixed else tuple(
            c for c in found if c.source not in own and c.target not in own)  # fmt: skip

    def update(self, at: Point, adding: bool) -> None:
        picture = self.canvas.picture
        if self._fixed:
            picture.note = at, tr("Unfold it to move its layers"), True
            self.canvas.update()
            return
        picture.ghost = at, self._layer.name
        near = connection_at(self.canvas.scene, at)
        picture.target = near if near in picture.fitting else None
        why = self._why(near) if near is not None and picture.target is None else ""
        picture.note = (at, why, True) if why else None
        self.canvas.update()

    def finish(self) -> None:
        target, layer = self.canvas.picture.target, self._layer
        self.cancel()
        if target is not None:
            self.canvas.document.apply(
                tr("Move {layer}", layer=layer.name), lambda spec: move_layer(spec, layer.id, target)
            )

    def cancel(self) -> None:
        picture = self.canvas.picture
        picture.ghost = picture.target = picture.note = None
        picture.fitting = ()

    def _why(self, near: Connection) -> str:
        """Why it cannot stand there; nothing of the connections that it has now."""
        if self._layer.id in (near.source, near.target):
            return ""
        try:
            shape = shape_at(self.canvas.figures(), near.source, near.source_port)
            return refusal(self.canvas.picture.spec, layer_type(self._layer.type), self._layer.parameters, shape)
        except KeyError:
            return ""


class DragWeight(Gesture):
    """Moves a task's λ; the whole drag is one undo step."""

    cursor = Qt.CursorShape.SizeHorCursor
    at_once = True

    def start(self, at: Point) -> None:
        self._task = self.canvas.picture.spec.task(self.canvas.scene.layout.tasks[self.hit.row])
        self._top = self.canvas.picture.weight_top
        self._before = {task.id: task.loss_weight for task in self.canvas.picture.spec.tasks}
        self._key = f"weight-{next(_serial)}"
        self.update(at, False)

    def update(self, at: Point, adding: bool) -> None:
        track = self.canvas.scene.slider(self.hit.row)
        if track is not None:
            self._set(weight_at(track, at.x, self._top))
            self.canvas.picture.weight_top = self._top

    def finish(self) -> None:
        self.canvas.refresh_weights()

    def cancel(self) -> None:
        self._apply(lambda spec: set_loss_weights(spec, self._before))
        self.finish()

    def abandon(self) -> None:
        self.finish()

    def _set(self, weight: float) -> None:
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
