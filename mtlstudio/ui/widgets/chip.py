"""A checkable pill: filters, options, sharing choices."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from mtlstudio.ui.theme import mix, scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme
from mtlstudio.ui.widgets.icons import pixmap


class Chip(QAbstractButton):
    """A pill with words, perhaps a coloured dot or an icon before them.

    Signals:
        toggled(bool), clicked(bool): as any button.
    """

    def __init__(
        self,
        text: str = "",
        colour: str = "",
        *,
        icon: str = "",
        checkable: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._colour, self._icon = colour, icon
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(checkable)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        repaint_on_theme(self, 12)

    def set_text(self, text: str) -> None:
        """Changes the words."""
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def set_colour(self, colour: str) -> None:
        """Changes the dot's colour; empty: no dot."""
        self._colour = colour
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as its words."""
        words = self.fontMetrics().horizontalAdvance(self.text()) if self.text() else -6
        return QSize(words + 2 * scaled(11) + self._before(), max(scaled(23), self.fontMetrics().height() + 7))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Words are never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints pill, dot and words."""
        tokens = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75)
        lit = self.isChecked() or self.hasFocus()
        ground = mix(tokens.card, tokens.accent, 0.16) if self.isChecked() else tokens.colour("card")
        if self.underMouse() and self.isEnabled():
            ground = mix(ground, tokens.text, 0.06)
        painter.setPen(QPen(tokens.colour("accent" if lit else "line"), 1.5 if self.hasFocus() else 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(area, area.height() / 2, area.height() / 2)
        self._paint_inside(painter, QColor(tokens.text if self.isChecked() else tokens.dim))

    def _before(self) -> int:
        return scaled(15) if self._colour else scaled(20) if self._icon else 0

    def _paint_inside(self, painter: QPainter, ink: QColor) -> None:
        if not self.isEnabled():
            painter.setOpacity(0.5)
        left, middle = scaled(11), self.height() / 2
        if self._colour:
            size = scaled(9)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour(self._colour))
            painter.drawRoundedRect(QRectF(left, middle - size / 2, size, size), 3, 3)
        elif self._icon:
            size = scaled(14)
            drawn = pixmap(self._icon, size, ink, self.devicePixelRatioF())
            painter.drawPixmap(round(left - 1), round(middle - size / 2), drawn)
        painter.setPen(ink)
        words = self.rect().adjusted(left + self._before(), 0, -scaled(11), 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
