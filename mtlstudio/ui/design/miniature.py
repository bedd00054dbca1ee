"""A network's grid at the size of a stamp: drawn from the network itself, without torch and without figures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.interface import layer_type
from mtlstudio.network.patterns import Template
from mtlstudio.project.graph import CycleError, incoming, order
from mtlstudio.project.spec import InputSpec, NetworkSpec, ProjectSpec, TaskSpec
from mtlstudio.ui.design.layout import Card, GridLayout, lay_out
from mtlstudio.ui.design.routes import Skip, Wire
from mtlstudio.ui.theme import TASK_COLOURS, mix, scaled, theme
from mtlstudio.ui.theme.tokens import Tokens
from mtlstudio.ui.widgets.common import repaint_on_theme

DEEPEST = 5.0


@dataclass(frozen=True)
class Miniature:
    """What a stamp is drawn from: a project with its network, laid out."""

    spec: ProjectSpec

    @cached_property
    def layout(self) -> GridLayout:
        """The grid, at its own size."""
        return lay_out(self.spec)

    @cached_property
    def depths(self) -> dict[str, float | None]:
        """How often each layer's map is smaller than the picture, in halvings; None for vectors."""
        return halvings(self.spec.network)


def miniature_of(template: Template, spec: ProjectSpec | None = None) -> Miniature | None:
    """A template's network for a project's tasks, or, without a project, for an example's that suits it.

    Returns:
        None where it cannot be built.
    """
    for candidate in [spec] if spec is not None else examples(template.inputs, bool(template.sample)):
        if not candidate.tasks or template.lacks(candidate):
            continue
        try:
            return Miniature(candidate.with_network(template.build(candidate)))
        except StudioError:
            continue
    return None


def examples(inputs: int = 1, special: bool = False) -> list[ProjectSpec]:
    """Projects to show templates with: two labels and a mask; for those that want them, sequences and pictures too.

    Args:
        special: those first that are out of the common.
    """
    classes = FrozenDict(class_names=("a", "b"))

    def task(index: int, id_: str, name: str, type_: str) -> TaskSpec:
        return TaskSpec(id_, tr(name), type_, TASK_COLOURS[index], classes)

    label, second = (
        task(0, "species", mark("Species"), "classification"),
        task(1, "breed", mark("Breed"), "classification"),
    )
    mask = task(2, "mask", mark("Mask"), "segmentation")
    more = InputSpec("depth", tr("Depth"), "map", 1)
    entering = (InputSpec("image", tr("Image")), *(replace(more, id=f"depth{n}") for n in range(1, inputs)))
    sets = (
        (label, second, mask),
        (label, mask, replace(task(1, "digits", mark("Digits"), "sequence"), parameters=FrozenDict())),
        (label, mask, replace(task(1, "picture", mark("Picture"), "reconstruction"), parameters=FrozenDict())),
    )
    ordered = (*sets[1:], sets[0]) if special and inputs == 1 else sets
    return [ProjectSpec("example", inputs=entering, tasks=tasks) for tasks in ordered]


def halvings(network: NetworkSpec) -> dict[str, float | None]:
    """How often each layer halves the picture, as far as its parameters tell; None for vectors."""
    known: dict[str, float | None] = {}
    before = incoming(network)
    try:
        ordered = order(network)
    except CycleError:
        return {}
    layers = {layer.id: layer for layer in network.layers}
    for layer_id in ordered:
        layer = layers[layer_id]
        arriving = {c.target_port: _behind(known.get(c.source), c.source_port) for c in reversed(before[layer_id])}
        depth = arriving.get("in", next(iter(arriving.values()), 0.0)) if arriving else 0.0
        try:
            type_ = layer_type(layer.type)
        except KeyError:
            known[layer_id] = depth
            continue
        values = {item.name: item.default for item in type_.parameters} | dict(layer.parameters)
        known[layer_id] = None if depth is None else _after(depth, type_.id, type_.group, values, arriving)
    return known


def _behind(depth: float | None, port: str) -> float | None:
    """Of a port of a backbone: its stage says how deep it is."""
    stage = port.removeprefix("stage")
    return float(stage) if stage != port and stage.isdigit() else depth


def _after(
    depth: float, type_id: str, group: str, values: Mapping[str, object], arriving: Mapping[str, float | None]
) -> float | None:
    if type_id in ("global_pool", "flatten", "linear_head", "linear") or group == "dense":
        return None
    if group == "backbone":
        return DEEPEST
    larger = arriving.get("skip", arriving.get("like"))
    if larger is not None:
        return larger
    if type_id == "dense_head":
        return 0.0
    if group == "decoder" and "skip" in (port.name for port in layer_type(type_id).inputs):
        return max(0.0, depth - 1)
    stride, factor = values.get("stride"), values.get("scale_factor")
    if isinstance(factor, int | float) and factor > 1:
        return max(0.0, depth - math.log2(factor))
    if isinstance(stride, int) and stride > 1:
        return max(0.0, depth - math.log2(stride)) if group == "resampling" else depth + math.log2(stride)
    return depth


def paint_miniature(painter: QPainter, area: QRectF, miniature: Miniature) -> None:
    """Draws a stamp into an area: bands, lines, arcs, cards."""
    layout = miniature.layout
    if not layout.rows or not layout.cards:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _Painter(painter, area, miniature, theme()).paint()
    painter.restore()


def miniature_pixmap(miniature: Miniature, size: QSize, ratio: float) -> QPixmap:
    """A stamp as a pixmap with a ground of its own."""
    made = QPixmap(round(size.width() * ratio), round(size.height() * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    whole = QRectF(0, 0, size.width(), size.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme().colour("field"))
    painter.drawRoundedRect(whole, 7, 7)
    margin = min(8.0, 0.07 * size.width())
    paint_miniature(painter, whole.adjusted(margin, margin * 0.75, -margin, -margin * 0.75), miniature)
    painter.end()
    return made


class MiniatureView(QWidget):
    """Shows a stamp; nothing where there is none."""

    def __init__(self, miniature: Miniature | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._miniature = miniature
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self)

    def show_miniature(self, miniature: Miniature | None) -> None:
        """Shows another one."""
        self._miniature = miniature
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Wide and low."""
        return QSize(scaled(200), scaled(104))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The ground and the drawing."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("field"))
        painter.drawRoundedRect(QRectF(self.rect()), 7, 7)
        if self._miniature is not None:
            margin = min(10.0, 0.07 * self.width())
            paint_miniature(painter, QRectF(self.rect()).adjusted(margin, margin, -margin, -margin), self._miniature)


class _Painter:
    def __init__(self, painter: QPainter, area: QRectF, miniature: Miniature, tokens: Tokens) -> None:
        self.painter, self.area, self.tokens = painter, area, tokens
        self.layout, self.depths = miniature.layout, miniature.depths
        self.colours = {task.id: QColor(task.colour) for task in miniature.spec.tasks}
        self.zoom_x = area.width() / max(1.0, self.layout.width)
        self.zoom_y = area.height() / max(1.0, self.layout.height)

    def paint(self) -> None:
        painter, layout = self.painter, self.layout
        painter.setPen(Qt.PenStyle.NoPen)
        ground = self.tokens.field
        for row in layout.rows:
            painter.setBrush(mix(ground, self._task(row.task), 0.16))
            high = row.height * self.zoom_y
            painter.drawRoundedRect(QRectF(self.area.x(), self._y(row.top), self.area.width(), high), 2, 2)
        for wire in layout.routes.wires:
            self._wire(wire)
        for skip in layout.routes.skips:
            self._skip(skip)
        for card in layout.cards.values():
            self._card(card)

    def _x(self, x: float) -> float:
        return self.area.x() + x * self.zoom_x

    def _y(self, y: float) -> float:
        return self.area.y() + y * self.zoom_y

    def _task(self, task_id: str) -> QColor:
        return self.colours.get(task_id) or self.tokens.colour("shared")

    def _wire(self, wire: Wire) -> None:
        source, target = self.layout.cards[wire.source], self.layout.cards[wire.target]
        x1, x2 = self._x(source.right), self._x(target.x)
        if wire.bent or not wire.rows:
            a, b = (self._y((card.pieces[0][0] + card.pieces[0][1]) / 2) for card in (source, target))
            row = wire.rows[0] if len(wire.rows) == 1 else -1
            path = QPainterPath(QPointF(x1, a))
            path.cubicTo(QPointF((x1 + x2) / 2, a), QPointF((x1 + x2) / 2, b), QPointF(x2, b))
            colour = self._task(self.layout.tasks[row]) if row >= 0 else self.tokens.colour("shared")
            self.painter.setBrush(Qt.BrushStyle.NoBrush)
            self.painter.setPen(QPen(colour, 1.2))
            self.painter.drawPath(path)
            return
        for row in wire.rows:
            y = self._y(self.layout.rows[row].middle)
            self.painter.setPen(QPen(self._task(self.layout.tasks[row]), 1.4))
            self.painter.drawLine(QPointF(x1, y), QPointF(x2, y))

    def _skip(self, skip: Skip) -> None:
        row = self.layout.rows[skip.row]
        source, target = self.layout.cards[skip.source], self.layout.cards[skip.target]
        x1, x2 = (self._x(card.x + card.width * 0.7) for card in (source, target))
        y = self._y(row.bottom - 4)
        depth = (4 + (row.gutter - 2) * skip.level / max(1, row.levels)) * self.zoom_y + 1
        path = QPainterPath(QPointF(x1, y))
        turn = (x2 - x1) * 0.25
        path.cubicTo(QPointF(x1, y + depth), QPointF(x1, y + depth), QPointF(x1 + turn, y + depth))
        path.lineTo(QPointF(x2 - turn, y + depth))
        path.cubicTo(QPointF(x2, y + depth), QPointF(x2, y + depth), QPointF(x2, y))
        colour = self.tokens.colour("shared") if skip.shared else self._task(row.task)
        self.painter.setPen(QPen(colour, 1.0))
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        self.painter.drawPath(path)

    def _card(self, card: Card) -> None:
        painter, rows = self.painter, self.layout.rows
        width = max(2.0, card.width * self.zoom_x)
        x = self._x(card.x)
        ground = mix(self.tokens.card, self.tokens.text, 0.08 if self.tokens.is_dark else 0.0)
        for (top, bottom), (first, last) in zip(card.pieces, card.spot.pieces, strict=True):
            rect = QRectF(x, self._y(top), width, max(2.0, (bottom - top) * self.zoom_y))
            painter.setPen(QPen(self.tokens.colour("line"), 0.8) if width > 5 else Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(rect, min(2.5, width / 4), min(2.5, width / 4))
            painter.setPen(Qt.PenStyle.NoPen)
            strip = max(1.2, min(2.6, 0.22 * width))
            high = rect.height() / (last - first + 1)
            for index, row in enumerate(range(first, min(last, len(rows) - 1) + 1)):
                painter.setBrush(self._task(rows[row].task))
                painter.drawRect(QRectF(x, rect.y() + index * high + 0.5, strip, high - (1.0 if high > 4 else 0.0)))
            self._inside(rect.adjusted(strip, 0, 0, 0), card)
        if card.spot.crosses:
            self._dots(card, x, width)

    def _inside(self, rect: QRectF, card: Card) -> None:
        """The bar that shows how high the map is."""
        depth = self.depths.get(card.spot.layer.id)
        if card.spot.crosses or rect.width() < 3:
            return
        room = min(rect.height() * 0.62, 26.0)
        high = 2.0 if depth is None else max(2.0, room * (1 - min(depth, DEEPEST) / (DEEPEST + 1)))
        wide = min(rect.width() * 0.45, 1.5 + 0.5 * (DEEPEST if depth is None else depth))
        self.painter.setBrush(self.tokens.colour("shared"))
        centre = rect.center()
        self.painter.drawRoundedRect(QRectF(centre.x() - wide / 2, centre.y() - high / 2, wide, high), 0.8, 0.8)

    def _dots(self, card: Card, x: float, width: float) -> None:
        """On a card between tasks a dot for each, joined to all others."""
        rows = [row for row in card.spot.rows if row < len(self.layout.rows)]
        middles = [self._y(self.layout.rows[row].middle) for row in rows]
        self.painter.setPen(QPen(self.tokens.colour("shared", 0.7), 0.8))
        for a in middles if len(middles) <= 8 else ():
            for b in middles:
                self.painter.drawLine(QPointF(x, a), QPointF(x + width, b))
        self.painter.setPen(Qt.PenStyle.NoPen)
        for row, y in zip(rows, middles, strict=True):
            self.painter.setBrush(self._task(self.layout.tasks[row]))
            for at in (x, x + width):
                self.painter.drawEllipse(QPointF(at, y), 2.0, 2.0)
