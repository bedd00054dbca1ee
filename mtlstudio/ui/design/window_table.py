"""Input window × kernel = products, as small grids of numbers, for the channels that weigh most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.inspection.microscope import Magnified, Term, rounded_to_sum
from mtlstudio.ui.theme import diverging_colour, font, scaled, theme
from mtlstudio.ui.widgets.common import repaint_on_theme

SHOWN = 3
_HEAD, _BETWEEN, _SIGN, _TITLE = 20, 10, 20, 78


class WindowTable(QWidget):
    """A row per input channel: what the kernel sees, the kernel, their products, the sum."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window-table")
        self.setAccessibleName(tr("Input window, kernel, products"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._found: Magnified | None = None
        self._terms: tuple[Term, ...] = ()
        repaint_on_theme(self)

    def show_magnified(self, found: Magnified | None) -> None:
        """Shows another value; None: nothing."""
        self._found = found
        self._terms = tuple(t for t in found.terms(SHOWN) if t.kind == "channel") if found is not None else ()
        self.setAccessibleDescription(found.formula() if found is not None else "")
        self.updateGeometry()
        self.adjustSize()
        self.update()

    def grids(self, term: Term) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Window, kernel, products of a channel as they are shown: the products add up to the term."""
        found = self._found
        assert found is not None
        channel = term.number - found.first_channel
        window, kernel = found.window[channel].astype(np.float64), found.kernel[channel].astype(np.float64)
        places = found.decimals()
        products = np.array(rounded_to_sum((window * kernel).ravel().tolist(), term.value, places))
        return np.round(window, places), np.round(kernel, places), products.reshape(kernel.shape)

    def sizeHint(self) -> QSize:  # noqa: N802
        """As large as the numbers need."""
        if self._found is None:
            return QSize(1, 1)
        high, wide = self._found.kernel.shape[1:]
        cell = self._cell()
        width = self._left() + 2 * self._stride() + wide * cell.width() + scaled(_SIGN) + self._sum_width()
        height = scaled(_HEAD) + len(self._terms) * (high * cell.height() + scaled(_BETWEEN))
        return QSize(round(width), round(height))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """All rows."""
        if self._found is None:
            return
        painter = QPainter(self)
        painter.setFont(font(10.5))
        titles = (tr("Input window"), tr("Kernel"), tr("Products"))
        painter.setPen(theme().colour("dim"))
        for place, title in enumerate(titles):
            area = self._area(0, place)
            painter.drawText(QRectF(area.x(), 0, max(area.width(), float(scaled(_TITLE))), scaled(_HEAD) - 3), Qt.AlignmentFlag.AlignLeft
                             | Qt.AlignmentFlag.AlignVCenter, title)  # fmt: skip
        for line, term in enumerate(self._terms):
            self._paint_line(painter, line, term)

    def event(self, event: QEvent) -> bool:
        """Tool tips tell the exact numbers."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip(event.pos()), self)
            return True
        return super().event(event)

    def _paint_line(self, painter: QPainter, line: int, term: Term) -> None:
        tokens, middle = theme(), Qt.AlignmentFlag.AlignCenter
        first = self._area(line, 0)
        painter.setPen(tokens.colour("text"))
        name = QRectF(0, first.y(), self._left() - 8, first.height())
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
                         | Qt.TextFlag.TextWordWrap, tr("Channel {channel}", channel=term.number))  # fmt: skip
        found = self._found
        assert found is not None
        grids = self.grids(term)
        for place, values in enumerate(grids):
            area = self._area(line, place)
            self._paint_grid(painter, area, values, None if place == 1 else found.inside)
            sign = QRectF(area.right(), area.y(), scaled(_SIGN), area.height())
            painter.setPen(tokens.colour("dim"))
            painter.drawText(sign, middle, ("×", "=", "Σ")[place])
        last = self._area(line, 2)
        painter.setPen(tokens.colour("text"))
        area = QRectF(last.right() + scaled(_SIGN), last.y(), self._sum_width(), last.height())
        painter.drawText(
            area, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._number(term.value, True)
        )

    def _paint_grid(
        self, painter: QPainter, area: QRectF, values: NDArray[np.float64], inside: NDArray[np.bool_] | None
    ) -> None:
        tokens, cell = theme(), self._cell()
        largest = float(np.abs(values).max(initial=0.0)) or 1.0
        worded = cell.width() >= scaled(36)
        for row, column in np.ndindex(*values.shape):
            value = float(values[row, column])
            one = QRectF(area.x() + column * cell.width(), area.y() + row * cell.height(), cell.width(), cell.height())
            outside = inside is not None and not inside[row, column]
            painter.setPen(QPen(tokens.colour("line"), 1.0))
            painter.setBrush(tokens.colour("field") if outside else diverging_colour(value / largest, tokens))
            painter.drawRect(one)
            if outside:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(_hatched())
                painter.drawRect(one)
            if worded and not outside:
                painter.setPen(tokens.colour("text"))
                painter.drawText(one, Qt.AlignmentFlag.AlignCenter, self._number(value, False))

    def _tip(self, at: QPoint) -> str:
        cell = self._cell()
        for line, term in enumerate(self._terms):
            for place, values in enumerate(self.grids(term)):
                area = self._area(line, place)
                if area.contains(at.x(), at.y()):
                    row, column = int((at.y() - area.y()) / cell.height()), int((at.x() - area.x()) / cell.width())
                    row, column = min(row, values.shape[0] - 1), min(column, values.shape[1] - 1)
                    return self._about(place, row, column, float(values[row, column]))
        return ""

    def _about(self, place: int, row: int, column: int, value: float) -> str:
        found = self._found
        assert found is not None
        if place == 1:
            return f"{value:.5g}"
        where = {"row": found.rows[row], "column": found.columns[column]}
        if not found.inside[row, column]:
            return tr("Outside the input (row {row}, column {column}): 0", **where)
        return tr("Row {row}, column {column}: {value:.5g}", value=value, **where)

    def _area(self, line: int, place: int) -> QRectF:
        """Where a grid is: 0 window, 1 kernel, 2 products."""
        assert self._found is not None
        high, wide = self._found.kernel.shape[1:]
        cell = self._cell()
        x = self._left() + place * self._stride()
        y = scaled(_HEAD) + line * (high * cell.height() + scaled(_BETWEEN))
        return QRectF(x, y, wide * cell.width(), high * cell.height())

    def _cell(self) -> QSize:
        assert self._found is not None
        side = max(self._found.kernel.shape[1:])
        if side <= 3:
            widest = max((self._number(v, False) for v in self._all_numbers()), key=len, default="")
            words = QFontMetricsF(font(10.5)).horizontalAdvance(widest) + 8
            return QSize(round(max(scaled(44), words)), scaled(20))
        return QSize(scaled(36), scaled(16)) if side <= 5 else QSize(scaled(14), scaled(14))

    def _all_numbers(self) -> list[float]:
        return [float(v) for term in self._terms for grid in self.grids(term) for v in grid.flat]

    def _number(self, value: float, signed: bool) -> str:
        assert self._found is not None
        places = self._found.decimals()
        if not signed and max(self._found.kernel.shape[1:]) > 3:
            places = 2
        return f"{value:+.{places}f}" if signed else f"{value:.{places}f}"

    def _stride(self) -> float:
        """From one grid to the next: at least as wide as the titles."""
        assert self._found is not None
        return max(self._found.kernel.shape[2] * self._cell().width(), scaled(_TITLE)) + scaled(_SIGN)

    def _left(self) -> float:
        return scaled(80)

    def _sum_width(self) -> float:
        return scaled(64)


def _hatched() -> QBrush:
    return QBrush(theme().colour("dim", 0.7), Qt.BrushStyle.BDiagPattern)
