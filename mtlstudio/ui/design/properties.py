"""The panel on the right: what is selected, or the whole network."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.layer_page import LayerPage
from mtlstudio.ui.design.network_page import NetworkPage


class Properties(QFrame):
    """Shows the page that fits the selection."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("properties")
        self.setProperty("surface", "side")
        self.setProperty("edge", "left")
        self.setAccessibleName(tr("Properties"))
        self.layer_page, self.network_page = LayerPage(), NetworkPage()
        inside = QWidget()
        inside.setProperty("ground", "panel")
        inside.setMinimumWidth(1)  # never wider than the panel
        pages = QVBoxLayout(inside)
        pages.setContentsMargins(12, 6, 12, 12)
        pages.addWidget(self.layer_page)
        pages.addWidget(self.network_page)
        pages.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.addWidget(scroll)
        self.layer_page.hide()

    def show_state(self, spec: ProjectSpec, selection: tuple[str, ...], analysis: Analysis | None) -> None:
        """Shows the selected layers, or the network where none is selected."""
        layers = [layer for layer in spec.network.layers if layer.id in selection]
        self.layer_page.setVisible(bool(layers))
        self.network_page.setVisible(not layers)
        if layers:
            self.layer_page.show_layers(spec, layers)
            self.layer_page.show_figures(layers, analysis)
        else:
            self.network_page.show_project(spec, analysis)

    def enter(self) -> None:
        """Puts the keyboard on the first thing that can be changed."""
        for widget in self.layer_page.findChildren(QWidget):
            if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                widget.setFocus(Qt.FocusReason.TabFocusReason)
                return
