"""The field to search in."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.titles import KeyHint


class SearchField(QLineEdit):
    """A line with a loupe, a cross, and a key to mention while it is empty.

    Signals:
        textChanged(str): as any line.
        stepped(int): up (-1) or down (+1) was pressed: move in the list of hits.
        accepted(): Enter.
        cancelled(): Esc in an empty line (the first Esc empties it).
    """

    stepped = Signal(int)
    accepted = Signal()
    cancelled = Signal()

    def __init__(self, placeholder: str = "", hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("search", True)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder or tr("Search"))
        loupe = QAction(self)
        set_icon(loupe, "search", "dim")
        self.addAction(loupe, QLineEdit.ActionPosition.LeadingPosition)
        self._cross = QAction(self)
        self._cross.setToolTip(tr("Clear"))
        set_icon(self._cross, "close", "dim")
        self._cross.triggered.connect(self.clear)
        self.addAction(self._cross, QLineEdit.ActionPosition.TrailingPosition)
        self._hint = KeyHint(hint, self)
        self._hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._wanted = bool(hint)
        self.textChanged.connect(self._refresh)
        self._refresh()

    def set_hint(self, shortcut: str) -> None:
        """Mentions another key; empty: none."""
        self._hint.set_shortcut(shortcut)
        self._wanted = bool(shortcut)
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Keeps typing here while the hits are walked through."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.key() in steps:
            self.stepped.emit(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keeps the key at the right end."""
        super().resizeEvent(event)
        self._refresh()

    def _refresh(self) -> None:
        self._cross.setVisible(bool(self.text()))
        self._hint.setVisible(self._wanted and not self.text())
        size = self._hint.sizeHint()
        self._hint.setGeometry(
            self.width() - size.width() - 8, (self.height() - size.height()) // 2, size.width(), size.height()
        )
