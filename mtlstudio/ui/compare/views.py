"""The panel beside the verdict: one of several views of the runs at a time."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.compare.section import Section
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl


class Views(Section):
    """Views behind segments.

    Signals:
        shown(str): another view is in front.
    """

    shown = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.setObjectName("views")
        self.setAccessibleName(tr("Views"))
        self.segments = SegmentedControl([], small=True, name=tr("Views"))
        self.pages = QStackedWidget()
        self._ids: list[str] = []
        self._items: list[Segment] = []
        self.header.addWidget(self.segments)
        self.header.addStretch(1)
        self.add(self.pages, 1)
        self.segments.changed.connect(self.show_view)

    def add_view(self, view_id: str, name: str, page: QWidget) -> None:
        """One more view."""
        self._ids.append(view_id)
        self._items.append(Segment(view_id, name))
        self.pages.addWidget(page)
        self.segments.set_items(self._items)

    def current(self) -> str:
        """Id of the view in front."""
        return self._ids[self.pages.currentIndex()] if self._ids else ""

    def show_view(self, view_id: str) -> None:
        """Brings a view to the front."""
        if view_id in self._ids:
            self.segments.set_current(view_id)
            self.pages.setCurrentIndex(self._ids.index(view_id))
            self.shown.emit(view_id)
