"""Cells of two parts: the figure, and in grey how much it scatters."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mtlstudio.ui.compare.table import LESSER_ROLE
from mtlstudio.ui.theme import theme

_MARGIN, _GAP = 9, 6
Index = QModelIndex | QPersistentModelIndex


class LesserDelegate(QStyledItemDelegate):
    """Draws what `LESSER_ROLE` says behind the cell's own text."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The ground as ever, then both parts."""
        lesser = str(index.data(LESSER_ROLE) or "")
        if not lesser:
            super().paint(painter, option, index)
            return
        self.initStyleOption(option, index)
        text, alignment = option.text, option.displayAlignment  # type: ignore[attr-defined]
        ink = option.palette.color(option.palette.ColorRole.Text)  # type: ignore[attr-defined]
        style = option.widget.style() if option.widget is not None else QApplication.style()  # type: ignore[attr-defined]
        area = style.subElementRect(QStyle.SubElement.SE_ItemViewItemText, option)
        option.text = ""  # type: ignore[attr-defined]
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, option, painter, option.widget)  # type: ignore[attr-defined]
        painter.save()
        painter.setFont(option.font)  # type: ignore[attr-defined]
        metrics = painter.fontMetrics()
        wide, rest = metrics.horizontalAdvance(text), metrics.horizontalAdvance(lesser)
        area = QRect(area).adjusted(_MARGIN - 2, 0, -_MARGIN + 4, 0)
        left = area.right() - rest - _GAP - wide if alignment & Qt.AlignmentFlag.AlignRight else area.left()
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setPen(ink)
        painter.drawText(QRect(left, area.top(), wide + 2, area.height()), middle, text)
        painter.setPen(theme().colour("dim"))
        painter.drawText(QRect(left + wide + _GAP, area.top(), rest + 2, area.height()), middle, lesser)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """Room for both."""
        found = super().sizeHint(option, index)
        lesser = str(index.data(LESSER_ROLE) or "")
        if lesser:
            self.initStyleOption(option, index)  # the cell's own font may be a bold one
            found.setWidth(found.width() + option.fontMetrics.horizontalAdvance(lesser) + _GAP + 12)  # type: ignore[attr-defined]
        return found
