"""The whole grid as a picture fit for a paper: SVG or PNG, light or dark, without what is only for hands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from PySide6.QtCore import QBuffer, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath
from PySide6.QtSvg import QSvgGenerator

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import write_atomic
from mtlstudio.base.texts import language, mark, tr
from mtlstudio.network.analysis import Analysis, Cost
from mtlstudio.project.graph import groups
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.camera import Camera
from mtlstudio.ui.design.costs import tasks_words
from mtlstudio.ui.design.layout import Room, lay_out
from mtlstudio.ui.design.painting import cards, marks, rows, wires
from mtlstudio.ui.design.painting.ink import LEFT, Face, Ink, qrect
from mtlstudio.ui.design.picture import Picture, task_words
from mtlstudio.ui.design.scene import Frame, Scene
from mtlstudio.ui.theme import mix, text_scale
from mtlstudio.ui.theme.tokens import DARK, LIGHT

MARGIN = 10.0
LEGEND = 78.0
MOST_PIXELS = 20_000


@dataclass(frozen=True)
class PaperOptions:
    """How the picture is to look.

    Attributes:
        theme: `light` or `dark`.
        ground: with the theme's background; else without any (PNG: see-through).
        costs: with the legend of who pays for what.
        text_as_paths: letters as shapes, so that the reader needs no font (SVG only).
        scale: PNG pixels per pixel of the screen, 1 … 4.
    """

    theme: str = "light"
    ground: bool = True
    costs: bool = True
    text_as_paths: bool = False
    scale: float = 2.0


class GridPicture:
    """A network's grid, all of it.

    Args:
        analysis: shapes and costs to write on it; None: names only.
    """

    def __init__(self, spec: ProjectSpec, analysis: Analysis | None, options: PaperOptions) -> None:
        self._spec, self._analysis, self._options = spec, analysis, options
        self._tokens = DARK if options.theme == "dark" else LIGHT
        scale = text_scale()
        self._layout = lay_out(spec, Room(0.0, 0.0, scale))
        head = _PaperFrame(1000.0, 600.0, scale).head
        self._wide = head + self._layout.width + MARGIN
        self._high = self._layout.height + 2 * MARGIN
        self._legend = LEGEND * scale if options.costs and analysis is not None and spec.tasks else 0.0
        frame = _PaperFrame(self._wide, self._high, scale)
        self._scene = Scene(self._layout, Camera(), frame)

    @property
    def size(self) -> QSize:
        """In pixels at scale 1."""
        return QSize(round(self._wide), round(self._high + self._legend))

    def paint(self, painter: QPainter) -> None:
        """Everything, at scale 1."""
        scene, spec = self._scene, self._spec
        ink = self._ink()
        picture = Picture(spec, self._analysis)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        if self._options.ground:
            painter.fillRect(QRectF(0, 0, self.size.width(), self.size.height()), self._tokens.colour("background"))
        rows.paint_bands(painter, scene, picture, ink)
        wires.paint_skips(painter, scene, picture, ink)
        wires.paint_wires(painter, scene, picture, ink)
        wires.paint_stacks(painter, scene, ink)
        marks.paint_joins(painter, scene, ink)
        written = cards.paint_cards(painter, scene, picture, ink)
        self._skips_above(painter, picture, ink, written)
        marks.paint_lanes(painter, scene, ink)
        wires.paint_taps(painter, scene, picture, ink)
        marks.paint_frames(painter, scene, picture, ink)
        self._headers(painter, ink)
        if self._legend and self._analysis is not None:
            self._costs(painter, ink, self._analysis)

    def image(self) -> QImage:
        """As pixels.

        Raises:
            StudioError: it would be too large.
        """
        size = self.size * self._options.scale
        if max(size.width(), size.height()) > MOST_PIXELS:
            raise StudioError(
                mark("the picture would be {width} × {height} pixels large"), fix=mark("Choose a smaller scale, or SVG."),
                width=size.width(), height=size.height(),
            )  # fmt: skip
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDotsPerMeterX(round(3780 * self._options.scale))
        image.setDotsPerMeterY(round(3780 * self._options.scale))
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.scale(self._options.scale, self._options.scale)
        self.paint(painter)
        painter.end()
        return image

    def save_png(self, path: Path) -> None:
        """Raises StudioError: too large, or it cannot be written."""
        if not self.image().save(str(path), "PNG"):  # type: ignore[call-overload]
            raise StudioError(mark("cannot write this file"), where=str(path))

    def save_svg(self, path: Path) -> None:
        """Raises StudioError: it cannot be written."""
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.WriteOnly)
        generator = QSvgGenerator()
        generator.setOutputDevice(buffer)
        generator.setSize(self.size)
        generator.setViewBox(QRect(0, 0, self.size.width(), self.size.height()))
        generator.setTitle(self._spec.name)
        generator.setDescription(tr("Sharing grid of {name}", name=self._spec.name))
        painter = QPainter(generator)
        self.paint(painter)
        painter.end()
        buffer.close()
        write_atomic(path, bytes(buffer.data().data()))

    # --- parts ------------------------------------------------------------------------------------------------

    def _ink(self) -> Ink:
        ink = Ink(self._spec.tasks, 1.0, self._tokens)
        if self._options.text_as_paths:
            for name in ("name", "figures", "small", "digits", "title", "body", "note"):
                setattr(ink, name, _PathFace(getattr(ink, name)))
        return ink

    def _skips_above(self, painter: QPainter, picture: Picture, ink: Ink, written: Sequence[QRectF]) -> None:
        if not self._layout.routes.skips:
            return
        path = QPainterPath()
        path.addRect(QRectF(0, 0, self._wide, self._high))
        for hole in written:
            path.addRect(hole)
        painter.save()
        painter.setClipPath(path)
        wires.paint_skips(painter, self._scene, picture, ink, above=True)
        painter.restore()

    def _headers(self, painter: QPainter, ink: Ink) -> None:
        """Names, types and losses of the tasks; no sliders."""
        tasks = {task.id: task for task in self._spec.tasks}
        scale = self._scene.frame.scale
        for index, row in enumerate(self._layout.rows):
            header, task = self._scene.header(index), tasks.get(row.task)
            if task is None:
                continue
            painter.fillRect(qrect(header), ink.header(task.id))
            painter.fillRect(QRectF(header.x, header.y, 4, header.h), ink.task(task.id))
            lines: list[tuple[Face, str, QColor]] = [(ink.title, task.name, ink.colour("text"))]
            lines += [(ink.note, text, ink.colour("dim")) for text in task_words(task, language()) if text]
            while len(lines) > 1 and sum(face.height + 2 for face, _t, _c in lines) > header.h - 8:
                lines.pop()
            y = header.y + (header.h - sum(face.height + 2 for face, _t, _c in lines)) / 2
            for face, text, colour in lines:
                area = QRectF(header.x + 14 * scale, y, header.w - 20 * scale, face.height)
                face.draw(painter, area, text, colour, LEFT)
                y += face.height + 2

    def _costs(self, painter: QPainter, ink: Ink, analysis: Analysis) -> None:
        """A bar of parameters by who shares them, and the totals."""
        scale, left = self._scene.frame.scale, 14.0
        top, width = self._high + 6 * scale, self._wide - 2 * left
        total = figures.cost_lines(analysis.total, analysis.separate)[0]
        ink.note.draw(painter, QRectF(left, top, width, ink.note.height), total, ink.colour("text"), LEFT)
        top += ink.note.height + 6 * scale
        whole, x, used, shared = max(1, analysis.total.parameters), left, left, 0
        for tasks in groups(self._spec):
            size = analysis.costs.get(tasks, Cost()).parameters
            if not size:
                continue
            wide = width * size / whole
            grey = mix(
                self._tokens.shared, self._tokens.text if shared % 2 else self._tokens.panel, 0.22 * bool(shared)
            )
            colour = ink.task(next(iter(tasks))) if len(tasks) == 1 else grey
            shared += len(tasks) > 1
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(x, top, max(1.0, wide - 2), 12 * scale), 3, 3)
            values = {"tasks": tasks_words(self._spec, tasks), "share": figures.percent(size, whole)}
            words = tr("{tasks} · {share}", **values)
            if x >= used and ink.note.width(words) < max(wide, 60.0):
                area = QRectF(x, top + 15 * scale, ink.note.width(words) + 6, ink.note.height)
                ink.note.draw(painter, area, words, ink.colour("dim"), LEFT)
                used = x + ink.note.width(words) + 12
            x += wide


class _PaperFrame(Frame):
    """Without a ribbon: only the rows."""

    @cached_property
    def ribbon(self) -> float:
        return MARGIN


class _PathFace(Face):
    """Writes letters as shapes."""

    def __init__(self, face: Face) -> None:
        super().__init__(max(1.0, face.font.pixelSize() / text_scale()), face.font.weight() >= QFont.Weight.DemiBold)

    def draw(self, painter: QPainter, area: QRectF, text: str, colour: QColor, flags: Qt.AlignmentFlag) -> None:
        words = self.cut(text, area.width())
        wide = self.width(words)
        x = area.x()
        if flags & Qt.AlignmentFlag.AlignHCenter:
            x += (area.width() - wide) / 2
        elif flags & Qt.AlignmentFlag.AlignRight:
            x += area.width() - wide
        baseline = area.y() + (area.height() - self.height) / 2 + self._metrics.ascent()
        path = QPainterPath()
        path.addText(QPointF(x, baseline), self.font, words)
        painter.fillPath(path, colour)
