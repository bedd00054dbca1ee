"""A row of joined buttons of which one is chosen: workspaces, views, modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import font, scaled, signals
from mtlstudio.ui.widgets.common import set_property
from mtlstudio.ui.widgets.icons import set_icon


@dataclass(frozen=True)
class Segment:
    """One choice: its id, its words (translated), an icon's name, a shortcut to mention in the tool tip."""

    id: str
    label: str
    icon: str = ""
    hint: str = ""


class SegmentedControl(QFrame):
    """Segments of which exactly one is chosen; left and right arrows, Home and End choose too.

    Signals:
        changed(str): the id of the segment that the user has chosen; not sent by `set_current`.
    """

    changed = Signal(str)

    def __init__(
        self, items: Sequence[Segment] = (), *, small: bool = False, name: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("segments")
        self.setAccessibleName(name)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._row = QHBoxLayout(self)
        self._row.setSpacing(2)
        self._row.setContentsMargins(4, 4, 4, 4)
        self._icons_only = False
        self._items: tuple[Segment, ...] = ()
        set_property(self, "small", small)
        if small:
            self._row.setContentsMargins(2, 2, 2, 2)
        signals.theme_changed.connect(self._redress)
        self.set_items(items)

    def set_items(self, items: Sequence[Segment]) -> None:
        """Replaces the segments; the chosen one stays chosen where it is still there."""
        before = self.current()
        for button in self._buttons.values():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        self._items = tuple(items)
        self._buttons = {item.id: self._made(item) for item in self._items}
        wanted = before if before in self._buttons else next(iter(self._buttons), "")
        if wanted:
            self.set_current(wanted)

    def current(self) -> str:
        """Id of the chosen segment; empty where there are none."""
        return next((id for id, button in self._buttons.items() if button.isChecked()), "")

    def set_current(self, id: str) -> None:
        """Chooses a segment without a signal; an unknown id changes nothing."""
        if id in self._buttons:
            self._buttons[id].setChecked(True)
            for other, button in self._buttons.items():
                button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if other == id else Qt.FocusPolicy.ClickFocus)

    def set_segment_enabled(self, id: str, enabled: bool, reason: str = "") -> None:
        """Allows or refuses one segment; the reason becomes its tool tip."""
        button = self._buttons[id]
        button.setEnabled(enabled)
        item = next(item for item in self._items if item.id == id)
        button.setToolTip(reason if not enabled and reason else _tip(item))

    def set_icons_only(self, icons_only: bool) -> None:
        """Shows icons without words, for narrow windows; the words stay in the tool tips."""
        self._icons_only = icons_only
        self._redress()

    def button(self, id: str) -> QPushButton:
        """The button of a segment (for tours and tests)."""
        return self._buttons[id]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Moves the choice with the arrows, Home and End."""
        ids = [id for id, button in self._buttons.items() if button.isEnabled()]
        place = ids.index(self.current()) if self.current() in ids else 0
        targets = {
            Qt.Key.Key_Left: place - 1, Qt.Key.Key_Right: place + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(ids) - 1,
        }  # fmt: skip
        wanted = targets.get(Qt.Key(event.key()))
        if wanted is None or not ids:
            super().keyPressEvent(event)
            return
        self._choose(ids[max(0, min(len(ids) - 1, wanted))])

    def _made(self, item: Segment) -> QPushButton:
        button = QPushButton(self)
        button.setCheckable(True)
        button.setAutoDefault(False)
        button.setAccessibleName(item.label)
        button.setAccessibleDescription(item.hint)
        button.setToolTip(_tip(item))
        self._dress(button, item)
        button.clicked.connect(lambda: self._choose(item.id, force=True))
        self._group.addButton(button)
        self._row.addWidget(button)
        return button

    def _redress(self) -> None:
        for item in self._items:
            self._dress(self._buttons[item.id], item)

    def _dress(self, button: QPushButton, item: Segment) -> None:
        alone = self._icons_only and bool(item.icon)
        button.setText("" if alone else item.label)
        if item.icon:
            set_icon(button, item.icon, "text", 16, gap=0 if alone else 3)
        words = QFontMetrics(font(13, QFont.Weight.DemiBold)).horizontalAdvance(item.label)
        around = 22 if self.property("small") else 32
        # the chosen one is bold: room for that keeps the others from moving
        button.setMinimumWidth(0 if alone else words + around + (scaled(16) + 8 if item.icon else 0))

    def _choose(self, id: str, force: bool = False) -> None:
        if id == self.current() and not force:
            return
        self.set_current(id)
        self._buttons[id].setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit(id)


def _tip(item: Segment) -> str:
    return tr("{label} ({shortcut})", label=item.label, shortcut=item.hint) if item.hint else item.label
