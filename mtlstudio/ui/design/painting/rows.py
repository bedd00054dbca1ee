"""Painting of the rows: their bands, and their headers on the left."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from mtlstudio.base.texts import language, tr
from mtlstudio.project.spec import TaskSpec
from mtlstudio.ui.design.geometry import Rect
from mtlstudio.ui.design.painting.ink import LEFT, RIGHT, Ink, qrect
from mtlstudio.ui.design.painting.marks import paint_plus_at
from mtlstudio.ui.design.picture import Picture, task_words
from mtlstudio.ui.design.scene import Scene


def paint_bands(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """The grounds of the rows."""
    for index in scene.visible_rows():
        painter.fillRect(qrect(scene.row(index)), ink.band(scene.layout.rows[index].task))


def paint_headers(painter: QPainter, scene: Scene, picture: Picture, ink: Ink) -> None:
    """The headers, over whatever was moved below them."""
    frame = scene.frame
    painter.fillRect(QRectF(0, frame.ribbon, frame.head, frame.height - frame.ribbon), ink.colour("background"))
    tasks = {task.id: task for task in picture.spec.tasks}
    for index in scene.visible_rows():
        header = scene.header(index)
        task = tasks.get(scene.layout.rows[index].task)
        if task is None:
            continue
        row = scene.layout.rows[index]
        painter.fillRect(qrect(header), ink.header(task.id))
        _paint_colours(painter, header, row.tasks, ink)
        name = tr("{name} × {n}", name=picture.group_names.get(row.group, ""), n=len(row.tasks)) if row.group else ""
        _paint_words(painter, header, task, name, index in picture.buttons.grouped, ink, frame.scale)
        line = scene.weight_line(index)
        if line is not None and row.group:
            weight = sum(picture.weights.get(t, 0.0) for t in row.tasks)
            words = tr("λ together {weight}", weight=weight_words(round(weight, 4)))
            area = QRectF(header.x + 16 * frame.scale, line.y, header.w - 24, line.h)
            ink.note.draw(painter, area, words, ink.colour("dim"), LEFT)
        elif line is not None:
            _paint_slider(painter, line, header, task, picture, ink, index)
        _paint_buttons(painter, scene, picture, ink, index)
    if picture.lifted is not None:
        _paint_lifted(painter, scene, ink, *picture.lifted)


def _paint_colours(painter: QPainter, header: Rect, tasks: tuple[str, ...], ink: Ink) -> None:
    """The bar on the left: the task's colour, or those of a folded group one below the other."""
    shown = tasks[:8] or ("",)
    high = header.h / len(shown)
    for place, task in enumerate(shown):
        painter.fillRect(QRectF(header.x, header.y + place * high, 4, high + 0.5), ink.task(task))


def _paint_buttons(painter: QPainter, scene: Scene, picture: Picture, ink: Ink, index: int) -> None:
    """The arrow that folds a group of tasks, the line beside its rows, the "+" of a task without an output."""
    header, row = scene.header(index), scene.layout.rows[index]
    if index in picture.buttons.headless:
        area = scene.head_button(index)
        near = (picture.hover.kind, picture.hover.row) == ("head", index)
        paint_plus_at(painter, area.centre, ink, near, True)
    if index not in picture.buttons.grouped:
        return
    painter.fillRect(QRectF(header.right - 3, header.y, 2, header.h), ink.colour("shared", 0.7))
    first = index == 0 or index - 1 not in picture.buttons.grouped or picture.group_of(
        row.task) != picture.group_of(scene.layout.rows[index - 1].task)  # fmt: skip
    near = (picture.hover.kind, picture.hover.row) == ("fold", index)
    if row.group or first or near:
        button = scene.fold_button(index)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink.colour("accent" if near else "dim"))
        x, y, arm = button.centre.x, button.centre.y, button.w * 0.26
        corners = [(-0.7, -1.0), (0.9, 0.0), (-0.7, 1.0)] if row.group else [(-1.0, -0.7), (1.0, -0.7), (0.0, 0.9)]
        painter.drawPolygon(QPolygonF([QPointF(x + arm * a, y + arm * b) for a, b in corners]))


def _paint_words(
    painter: QPainter, header: Rect, task: TaskSpec, group: str, buttoned: bool, ink: Ink, scale: float
) -> None:
    """Name, type and losses; of a folded group (`group`: its name and number) the type alone."""
    x, wide = header.x + 16 * scale, header.w - (42 if buttoned else 24) * scale
    if header.h < 40 * scale:
        face = ink.title if header.h >= 22 else ink.note
        face.draw(painter, QRectF(x, header.y, wide, header.h), group or task.name, ink.colour("text"), LEFT)
        return
    kind, losses = task_words(task, language())
    top = header.y + (10 if header.h >= 100 * scale else 5) * scale
    ink.title.draw(painter, QRectF(x, top, wide, ink.title.height), group or task.name, ink.colour("text"), LEFT)
    lines = [kind, losses] if header.h >= 100 * scale else [kind] if header.h >= 58 * scale else []
    if group:
        lines = lines[:1]
    y = top + ink.title.height + 2 * scale
    for text in lines:
        ink.note.draw(painter, QRectF(x, y, wide, ink.note.height), text, ink.colour("dim"), LEFT)
        y += ink.note.height + 2 * scale


def _paint_slider(
    painter: QPainter, track: Rect, header: Rect, task: TaskSpec, picture: Picture, ink: Ink, index: int
) -> None:
    middle = track.centre.y
    weight = picture.weights.get(task.id, task.loss_weight)
    share = min(1.0, max(0.0, weight / picture.weight_top))
    x = track.x + share * track.w
    ink.note.draw(painter, QRectF(track.x - 13, track.y, 12, track.h), "λ", ink.colour("dim"), LEFT)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink.colour("track" if ink.tokens.is_dark else "line"))
    painter.drawRoundedRect(QRectF(track.x, middle - 2, track.w, 4), 2, 2)
    painter.setBrush(ink.task(task.id))
    painter.drawRoundedRect(QRectF(track.x, middle - 2, x - track.x, 4), 2, 2)
    if index in (picture.hover.row, picture.active.row) and "slider" in (picture.hover.kind, picture.active.kind):
        painter.setBrush(ink.colour("dim", 0.3))
        painter.drawEllipse(QPointF(x, middle), 9, 9)
        painter.setBrush(ink.task(task.id))
    painter.drawEllipse(QPointF(x, middle), 5.5, 5.5)
    area = QRectF(track.right + 6, track.y, header.right - track.right - 14, track.h)
    ink.body.draw(painter, area, weight_words(weight), ink.colour("text"), RIGHT)


def weight_words(weight: float) -> str:
    """λ as the sliders of the window write it: `0.25`, `1.00`, `0.125`, `12.5`."""
    return f"{weight:.2f}" if weight <= 10 and round(weight, 2) == weight else f"{weight:.3g}"


def _paint_lifted(painter: QPainter, scene: Scene, ink: Ink, row: int, to: int) -> None:
    """The row that is being moved, and where it would go."""
    painter.fillRect(qrect(scene.header(row)), ink.colour("accent", 0.18))
    rows = scene.layout.rows
    edge = rows[to].top - 3 if to <= row else rows[to].bottom + 3
    painter.setPen(QPen(ink.colour("accent"), 3))
    y = scene.y(edge)
    painter.drawLine(QPointF(4, y), QPointF(scene.frame.width, y))
