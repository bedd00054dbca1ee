"""The palette on the left: all layer types, to be searched, dragged, added."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.design.catalogue import search, sections
from mtlstudio.ui.design.type_list import TypeList
from mtlstudio.ui.widgets.search_field import SearchField


class Palette(QFrame):
    """Layer types by section.

    Signals:
        chosen(str): add a layer of that type after the selection.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setProperty("surface", "side")
        self.setProperty("edge", "right")
        self.setAccessibleName(tr("Layer palette"))
        self.field = SearchField(tr("Search layers…"))
        self.field.setObjectName("palette-search")
        self.list = TypeList()
        self.list.setObjectName("palette-list")
        self.list.setAccessibleName(tr("Layer types"))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 12, 6, 6)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.field.textChanged.connect(self._fill)
        self.field.stepped.connect(self.list.step)
        self.field.accepted.connect(self._accept)
        self.field.cancelled.connect(lambda: self.list.setFocus(Qt.FocusReason.OtherFocusReason))
        self.list.chosen.connect(self.chosen)
        self._fill("")

    def _fill(self, text: str) -> None:
        found = [(title, search(types, text) if text.strip() else types) for title, types in sections()]
        self.list.fill(found)
        if text.strip():
            self.list.setCurrentRow(-1)
            self.list.step(1)

    def _accept(self) -> None:
        if self.list.current_type():
            self.chosen.emit(self.list.current_type())
