"""A panel that folds under its title."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.widgets.icons import set_icon
from mtlstudio.ui.widgets.panel import Panel


class Section(Panel):
    """A card that can be folded to its header.

    Signals:
        folded(bool): whether it is folded now.
    """

    folded = Signal(bool)

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, subtitle, parent=parent)
        self._fold = QToolButton()
        self._fold.setObjectName("fold")
        self._fold.setAutoRaise(True)
        self._folded = False
        self._fold.clicked.connect(lambda: self.set_folded(not self._folded))
        self._content = QWidget()
        self._inside = QVBoxLayout(self._content)
        self._inside.setContentsMargins(0, 0, 0, 0)
        self._inside.setSpacing(8)
        super().add(self._content, 1)
        self.header.insertWidget(0, self._fold)
        self._dress()

    def add(self, thing: QWidget | QLayout, stretch: int = 0) -> None:
        """Puts a widget or a layout into the part that folds."""
        if isinstance(thing, QWidget):
            self._inside.addWidget(thing, stretch)
        else:
            self._inside.addLayout(thing, stretch)

    def is_folded(self) -> bool:
        """Whether only the header is shown."""
        return self._folded

    def set_folded(self, folded: bool) -> None:
        """Folds or unfolds it."""
        if folded == self._folded:
            return
        self._folded = folded
        self._content.setVisible(not folded)
        vertical = QSizePolicy.Policy.Maximum if folded else QSizePolicy.Policy.Preferred
        self.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)
        self._dress()
        self.folded.emit(folded)

    def _dress(self) -> None:
        set_icon(self._fold, "chevron-right" if self._folded else "chevron-down", "dim", 14)
        words = tr("Unfold") if self._folded else tr("Fold")
        self._fold.setToolTip(words)
        self._fold.setAccessibleName(f"{words}: {self.title()}")
