"""My patterns: layers kept for all projects, under the palette."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QMenu, QToolButton, QVBoxLayout, QWidget

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.codec import fragment_to_json, to_text
from mtlstudio.ui.design import pattern_store
from mtlstudio.ui.design.dropping import PATTERN
from mtlstudio.ui.design.pattern_store import Pattern
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.icons import icon, set_icon

_SHOWN = 6
TEXT = Qt.ItemDataRole.UserRole + 1


class _Draggable(QListWidget):
    """Its lines can be dragged to the canvas."""

    def __init__(self) -> None:
        super().__init__()
        self.setDragEnabled(True)
        self.setDragDropMode(QListWidget.DragDropMode.DragOnly)

    def mimeData(self, items: Sequence[QListWidgetItem]) -> QMimeData:  # noqa: N802
        """What a drag carries: the layers as text."""
        data = QMimeData()
        if items:
            data.setData(PATTERN, str(items[0].data(TEXT)).encode())
        return data


class PatternList(QWidget):
    """Lists what was kept; a double click or Enter puts it into the network, a drag to where it is let go.

    Signals:
        chosen(object): a `Fragment` is to be put in. keep_wanted(): the selected layers are to be kept.
        refused(str): something could not be done; the sentence says why.
    """

    chosen = Signal(object)
    keep_wanted = Signal()
    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("patterns")
        self._patterns: list[Pattern] = []
        self._open = True
        self._fold, self._keep = QToolButton(), QToolButton()
        self._fold.setProperty("fold", True)
        self._fold.setText(tr("My patterns"))
        self._fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._fold.clicked.connect(lambda: self.set_open(not self._open))
        self._keep.setObjectName("pattern-keep")
        self._keep.setAccessibleName(tr("Keep the selected layers"))
        self._keep.setToolTip(tr("Keep the selected layers, for all projects"))
        set_icon(self._keep, "plus", "dim", 14)
        self._keep.clicked.connect(self.keep_wanted)
        self.list = _Draggable()
        self.list.setObjectName("pattern-list")
        self.list.setAccessibleName(tr("My patterns"))
        self.list.setIconSize(QSize(scaled(15), scaled(15)))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.nothing = label(tr("Select layers and press + to keep them."), "small", wrap=True)
        head = QHBoxLayout()
        head.addWidget(self._fold)
        head.addStretch(1)
        head.addWidget(self._keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addLayout(head)
        self.nothing.setContentsMargins(scaled(4), 0, scaled(4), 0)
        column.addWidget(self.nothing)
        column.addWidget(self.list)
        self.list.itemActivated.connect(self._choose)
        self.list.itemChanged.connect(self._rename)
        self.list.customContextMenuRequested.connect(self._menu)
        self.refresh()

    def refresh(self) -> None:
        """Reads anew what was kept."""
        self._patterns = pattern_store.patterns()
        self.list.blockSignals(True)
        self.list.clear()
        for number, pattern in enumerate(self._patterns):
            item = QListWidgetItem(icon("group"), pattern.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(Qt.ItemDataRole.UserRole, number)
            item.setData(TEXT, to_text(fragment_to_json(pattern.fragment)))
            names = ", ".join(layer.name for layer in pattern.fragment.layers[:8])
            count = ntr("{n} layer", "{n} layers", len(pattern.fragment.layers))
            what = tr("{count}: {names}", count=count, names=names)
            item.setToolTip(tr("{pattern} · {what}", pattern=pattern.name, what=what))
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.set_open(self._open)

    def set_open(self, is_open: bool) -> None:
        """Folds it, or opens it."""
        self._open = is_open
        set_icon(self._fold, "chevron-down" if is_open else "chevron-right", "dim", 14)
        self.list.setVisible(is_open and bool(self._patterns))
        self.nothing.setVisible(is_open and not self._patterns)
        line = self.list.sizeHintForRow(0) if self._patterns else 0
        self.list.setFixedHeight(min(_SHOWN, max(1, len(self._patterns))) * max(line, scaled(22)) + 6)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(self._of(item).fragment)

    def _rename(self, item: QListWidgetItem) -> None:
        try:
            pattern_store.rename(self._of(item), item.text())
        except StudioError as error:
            self.refused.emit(error.text())
        self.refresh()

    def _menu(self, at: QPoint) -> None:
        item = self.list.itemAt(at)
        if item is None:
            return
        menu = QMenu(self)
        menu.setObjectName("pattern-menu")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(tr("Put it in"), partial(self._choose, item))
        menu.addAction(tr("Rename"), partial(self.list.editItem, item))
        menu.addAction(tr("Throw it away"), partial(self._forget, item))
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _forget(self, item: QListWidgetItem) -> None:
        pattern_store.forget(self._of(item))
        self.refresh()

    def _of(self, item: QListWidgetItem) -> Pattern:
        return self._patterns[int(item.data(Qt.ItemDataRole.UserRole))]
