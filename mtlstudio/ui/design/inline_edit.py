"""A line to write in, on the canvas, where a name stands."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class InlineEdit(QLineEdit):
    """Writes a name: Enter or a click elsewhere keeps it, Esc leaves the old one. It deletes itself."""

    def __init__(self, text: str, area: QRect, done: Callable[[str], object], parent: QWidget) -> None:
        super().__init__(text, parent)
        self._done, self._before, self._over = done, text, False
        self.setObjectName("inline-edit")
        self.setAccessibleName(text)
        high = self.sizeHint().height()
        wide = max(120, area.width())
        x = min(max(4, area.center().x() - wide // 2), max(4, parent.width() - wide - 4))
        self.setGeometry(x, min(area.center().y() - high // 2, parent.height() - high), wide, high)
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter keeps, Esc forgets."""
        if event.key() == Qt.Key.Key_Escape:
            self._end(keep=False)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._end(keep=True)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """A click elsewhere keeps it."""
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._end(keep=True)

    def _end(self, keep: bool) -> None:
        if self._over:
            return
        self._over = True
        self.hide()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
        text = self.text().strip()
        if keep and text != self._before:
            self._done(text)
        self.deleteLater()
