"""The same picture through the epochs, as a row of small pictures that can be dragged through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import font, scaled, theme
from mtlstudio.ui.widgets.common import label, paint_focus_ring, repaint_on_theme

_SIDE = 82
_GAP = 8


class EpochStrip(QWidget):
    """Small pictures of evenly chosen epochs, the first and the newest among them; dragging goes through all of them.

    Signals:
        chosen(int): the user wants to see that epoch.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._epochs: tuple[int, ...] = ()
        self._current = -1
        self._picture: Callable[[int], QImage | None] = lambda _epoch: None
        self._caption: Callable[[int], str] = lambda _epoch: ""
        self._lens = _Lens(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("What it sees"))
        repaint_on_theme(self, 10.5)

    def set_source(self, picture: Callable[[int], QImage | None], caption: Callable[[int], str]) -> None:
        """Says where pictures and words of an epoch come from; a picture that is not there yet is None."""
        self._picture, self._caption = picture, caption

    def set_epochs(self, epochs: Sequence[int]) -> None:
        """Shows those epochs, ascending; the newest is the current one if it was so before."""
        newest = not self._epochs or self._current == self._epochs[-1]
        self._epochs = tuple(epochs)
        if self._epochs and (newest or self._current not in self._epochs):
            self._current = self._epochs[-1]
        self.update()

    def current(self) -> int:
        """The epoch that is framed; −1 while there is none."""
        return self._current if self._epochs else -1

    def shown(self) -> list[int]:
        """The epochs whose pictures are on the screen."""
        room = max(1, (self.width() + _GAP) // (scaled(_SIDE) + _GAP))
        count = len(self._epochs)
        if count <= room:
            return list(self._epochs)
        if room == 1:
            return [self._current]
        picks = [self._epochs[round(number * (count - 1) / (room - 1))] for number in range(room)]
        if self._current in self._epochs and self._current not in picks:
            nearest = min(range(1, room - 1), key=lambda place: abs(picks[place] - self._current), default=0)
            picks[nearest] = self._current
        return picks

    def sizeHint(self) -> QSize:  # noqa: N802
        """A row of pictures with words below."""
        return QSize(scaled(400), scaled(_SIDE) + self.fontMetrics().height() + 6)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """At least one picture."""
        return QSize(scaled(_SIDE), self.sizeHint().height())

    def areas(self) -> list[QRectF]:
        """Where each shown picture is."""
        side = scaled(_SIDE)
        return [QRectF(number * (side + _GAP), 1, side, side) for number in range(len(self.shown()))]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Pictures, epochs, the frame."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        tokens = theme()
        for epoch, area in zip(self.shown(), self.areas(), strict=True):
            inside = area.adjusted(2, 2, -2, -2)
            shape = QPainterPath()
            shape.addRoundedRect(inside, 5, 5)
            painter.fillPath(shape, tokens.colour("image_background"))
            picture = self._picture(epoch)
            if picture is not None:
                painter.setClipPath(shape)
                painter.drawImage(inside, picture)
                painter.setClipping(False)
            if epoch == self._current:
                painter.setPen(QPen(tokens.colour("accent"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
            painter.setPen(tokens.colour("text" if epoch == self._current else "dim"))
            painter.setFont(font(10.5))
            below = QRectF(
                area.left() - _GAP / 2, area.bottom() + 3, area.width() + _GAP, self.fontMetrics().height() + 2
            )
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, tr("epoch {epoch}", epoch=epoch))
        paint_focus_ring(painter, self)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Takes the picture under the pointer and shows it large while the button is down."""
        if event.button() != Qt.MouseButton.LeftButton or not self._epochs:
            return
        place = next((n for n, area in enumerate(self.areas()) if area.contains(event.position())), None)
        if place is not None:
            self._choose(self.shown()[place])
        self._enlarge(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Goes through the epochs."""
        if not event.buttons() & Qt.MouseButton.LeftButton or not self._epochs:
            return
        areas = self.areas()
        share = event.position().x() / max(1.0, areas[-1].right())
        self._choose(self._epochs[max(0, min(len(self._epochs) - 1, int(share * len(self._epochs))))])
        self._enlarge(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """The large picture goes."""
        self._lens.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Left and right, Home and End."""
        if not self._epochs:
            return
        here, last = self._epochs.index(self._current), len(self._epochs) - 1
        steps = {Qt.Key.Key_Left: here - 1, Qt.Key.Key_Right: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: last}
        wanted = steps.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
            return
        self._choose(self._epochs[max(0, min(last, wanted))])

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """The large picture goes too."""
        self._lens.hide()

    def _choose(self, epoch: int) -> None:
        if epoch != self._current:
            self._current = epoch
            self.update()
            self.chosen.emit(epoch)

    def _enlarge(self, at: QPointF) -> None:
        picture = self._picture(self._current)
        if picture is not None:
            words = " · ".join(
                part for part in (tr("epoch {epoch}", epoch=self._current), self._caption(self._current)) if part
            )
            self._lens.show_picture(picture, words, QPoint(int(at.x()), 0))


class _Lens(QFrame):
    """The large picture above the strip."""

    def __init__(self, strip: QWidget) -> None:
        super().__init__(strip, Qt.WindowType.ToolTip)
        self.setProperty("surface", "raised")
        self._strip = strip
        self._picture, self._words = QLabel(), label(role="dim")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(6, 6, 6, 4)
        inside.setSpacing(4)
        inside.addWidget(self._picture)
        inside.addWidget(self._words)

    def show_picture(self, picture: QImage, words: str, at: QPoint) -> None:
        """Shows a picture above a point of the strip."""
        from PySide6.QtGui import QPixmap

        side = scaled(256)
        large = picture.scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        self._picture.setPixmap(QPixmap.fromImage(large))
        self._words.setText(words)
        self.adjustSize()
        place = self._strip.mapToGlobal(at)
        self.move(place.x() - self.width() // 2, place.y() - self.height() - 8)
        self.show()
