"""The left side of the Design workspace: layer types and kept patterns, or the outline."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QStackedWidget, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.design.outline import Outline
from mtlstudio.ui.design.palette import Palette
from mtlstudio.ui.design.pattern_list import PatternList
from mtlstudio.ui.widgets.segmented import Segment, SegmentedControl


class Side(QFrame):
    """Two tabs in one column."""

    def __init__(self, palette: Palette, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("design-side")
        self.setProperty("surface", "side")
        self.setProperty("edge", "right")
        self.palette_panel, self.patterns, self.outline = palette, PatternList(), Outline()
        palette.setProperty("edge", "")
        self.tabs = SegmentedControl([Segment("layers", tr("Layers")), Segment("outline", tr("Outline"))], small=True)
        self.tabs.setObjectName("side-tabs")
        layers = QWidget()
        column = QVBoxLayout(layers)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(palette, 1)
        below = QWidget()
        kept = QVBoxLayout(below)
        kept.setContentsMargins(10, 0, 6, 6)
        kept.addWidget(self.patterns)
        column.addWidget(below)
        self._pages = QStackedWidget()
        self._pages.addWidget(layers)
        self._pages.addWidget(self.outline)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 8, 1, 0)
        whole.setSpacing(0)
        whole.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addWidget(self._pages, 1)
        self.tabs.changed.connect(self.show_tab)

    def show_tab(self, name: str) -> None:
        """`layers` or `outline`."""
        self.tabs.set_current(name)
        self._pages.setCurrentIndex(1 if name == "outline" else 0)

    def search_outline(self) -> None:
        """Opens the outline and puts the caret into its field."""
        self.show_tab("outline")
        self.outline.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.outline.field.selectAll()
