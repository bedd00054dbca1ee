"""The palette on the left: all layer types, to be searched, dragged, added."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from mtlstudio.base.settings import Settings
from mtlstudio.base.texts import tr
from mtlstudio.network.interface import LayerType, layer_types
from mtlstudio.ui.design.catalogue import SECTIONS, search, sections
from mtlstudio.ui.design.type_list import TypeList
from mtlstudio.ui.widgets.search_field import SearchField

FOLDED, RECENT = "design.palette-folded", "design.palette-recent"
"""Keys of the settings: names of the folded sections, ids of the types that were added last."""
MOST_RECENT = 5


class Palette(QFrame):
    """Layer types by section; sections fold, and what was added last stands first.

    Args:
        settings: where it is remembered what is folded and what was added.

    Signals:
        chosen(str): add a layer of that type after the selection.
    """

    chosen = Signal(str)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setProperty("surface", "side")
        self.setProperty("edge", "right")
        self.setAccessibleName(tr("Layer palette"))
        self._settings = settings
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
        self.list.folded.connect(self._fold, Qt.ConnectionType.QueuedConnection)  # not while the click is under way
        self._fill("")

    def used(self, type_id: str) -> None:
        """A layer of that type was added: it stands among the recent ones."""
        recent = [type_id, *(other for other in self._read(RECENT) if other != type_id)][:MOST_RECENT]
        if recent != self._read(RECENT):
            self._settings.layouts[RECENT] = ",".join(recent)
            if not self.field.text().strip():
                place = self.list.verticalScrollBar().value()
                self._fill("")
                self.list.verticalScrollBar().setValue(place)

    def _fill(self, text: str) -> None:
        if text.strip():
            self.list.fill([(title, search(types, text)) for title, types in sections()])
            self.list.setCurrentRow(-1)
            self.list.step(1)
            return
        names = {tr(name): name for name in self._names()}
        folded = self._read(FOLDED)
        found = [(tr("Recent"), self._recent()), *sections()]
        self.list.fill(found, folded=[title for title in names if names[title] in folded])

    def _fold(self, title: str, folded: bool) -> None:
        name = next((name for name in self._names() if tr(name) == title), title)
        kept = [other for other in self._read(FOLDED) if other != name]
        self._settings.layouts[FOLDED] = ",".join([*kept, name] if folded else kept)
        self._fill(self.field.text())
        self.list.go_to_title(title)

    def _recent(self) -> list[LayerType]:
        known = {type_.id: type_ for type_ in layer_types()}
        return [known[type_id] for type_id in self._read(RECENT) if type_id in known]

    def _names(self) -> list[str]:
        """Of the sections, as they are remembered."""
        return ["Recent", *(name for name, _groups in SECTIONS)]

    def _read(self, key: str) -> list[str]:
        return [word for word in self._settings.layouts.get(key, "").split(",") if word]

    def _accept(self) -> None:
        if self.list.current_type():
            self.chosen.emit(self.list.current_type())
