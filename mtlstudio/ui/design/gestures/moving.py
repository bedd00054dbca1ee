"""Gestures that move things to another place: a card, a row, a loss weight, the end of a connection."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from PySide6.QtCore import Qt

from mtlstudio.base.texts import tr
from mtlstudio.project.edits import connect, move_layer, move_task, set_loss_weights
from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.project.weights import set_shown_weight
from mtlstudio.ui.design.fits import fitting, free_port, main_output
from mtlstudio.ui.design.geometry import Point
from mtlstudio.ui.design.gestures.base import Gesture
from mtlstudio.ui.design.hits import card_at, connection_at, weight_at

_serial = count()


class MoveCard(Gesture):
    """Takes a card to another connection; those that it fits light up."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def start(self, at: Point) -> None:
        picture = self.canvas.picture
        self._layer = picture.spec.network.layer(self.hit.layer)
        found = fitting(picture.spec, self.canvas.figures(), self._layer.type, self._layer.parameters)
        picture.fitting = tuple(c for c in found if self._layer.id not in (c.source, c.target))

    def update(self, at: Point, adding: bool) -> None:
        picture = self.canvas.picture
        picture.ghost = at, self._layer.name
        near = connection_at(self.canvas.scene, at)
        picture.target = near if near in picture.fitting else None
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
        picture.ghost = picture.target = None
        picture.fitting = ()


class PullWire(Gesture):
    """Pulls a connection from a card's port to another card; let go over nothing, it asks for a new layer."""

    cursor = Qt.CursorShape.CrossCursor
    at_once = True

    def start(self, at: Point) -> None:
        self._end = at

    def update(self, at: Point, adding: bool) -> None:
        self._end = at
        port = self.canvas.scene.out_port(self.hit.layer)
        self.canvas.picture.wire = port, at
        self.canvas.update()

    def finish(self) -> None:
        pulled = self.canvas.picture.wire is not None
        self.cancel()
        if not pulled:
            return
        spec, source = self.canvas.document.spec, self.hit.layer
        target = card_at(self.canvas.scene, self._end)
        if not target:
            self.canvas.document.select([source])
            self.canvas.add_wanted.emit(None, self._end)
        elif target != source:
            port = free_port(spec, target)
            made = Connection(source, target, main_output(spec, source), port.name)
            names = {"source": spec.network.layer(source).name, "target": spec.network.layer(target).name}
            self.canvas.document.apply(
                tr("Connect {source} and {target}", **names),
                lambda before: connect(before, made, variadic=port.variadic),
            )

    def cancel(self) -> None:
        self.canvas.picture.wire = None


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
    """Takes a task's row to another place."""

    cursor = Qt.CursorShape.SizeVerCursor

    def start(self, at: Point) -> None:
        self._to = self.hit.row

    def update(self, at: Point, adding: bool) -> None:
        self._to = self.canvas.scene.row_at(at.y)
        self.canvas.picture.lifted = self.hit.row, self._to
        self.canvas.update()

    def finish(self) -> None:
        self.cancel()
        tasks = self.canvas.scene.layout.tasks
        if self._to != self.hit.row:
            moved, place = tasks[self.hit.row], self.canvas.document.spec.task_ids.index(tasks[self._to])
            name = self.canvas.document.spec.task(moved).name
            self.canvas.document.apply(tr("Move {task}", task=name), lambda spec: move_task(spec, moved, place))

    def cancel(self) -> None:
        self.canvas.picture.lifted = None
