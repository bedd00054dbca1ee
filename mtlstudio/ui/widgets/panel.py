"""Surfaces: the card, the notice, the section that folds."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from mtlstudio.ui.widgets.common import button, label, set_property
from mtlstudio.ui.widgets.dots import ColourDot
from mtlstudio.ui.widgets.icons import IconLabel, set_icon
from mtlstudio.ui.widgets.titles import ElidedLabel

PanelTone = Literal["", "accent", "good", "warning", "bad"]


class Panel(QFrame):
    """A card with a title on the left, a lesser word on the right, and a body.

    Attributes:
        body: the layout that takes the contents.
        header: the row of title and subtitle; `add_header_widget` puts buttons there.
    """

    def __init__(
        self, title: str = "", subtitle: str = "", *, colour: str = "", raised: bool = False,
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setProperty("surface", "raised" if raised else "card")
        self._dot = ColourDot(colour or "shared")
        self._title = label(role="title")
        self._subtitle = ElidedLabel(role="dim")
        self._subtitle.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.header = QHBoxLayout()
        self.header.setSpacing(6)
        self.header.addWidget(self._dot)
        self.header.addWidget(self._title)
        self.header.addWidget(self._subtitle, 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        all_of_it = QVBoxLayout(self)
        all_of_it.setContentsMargins(12, 10, 12, 12)
        all_of_it.setSpacing(8)
        all_of_it.addLayout(self.header)
        all_of_it.addLayout(self.body, 1)
        self.set_title(title)
        self.set_subtitle(subtitle)
        self.set_colour(colour)

    def title(self) -> str:
        """The title."""
        return self._title.text()

    def set_title(self, title: str) -> None:
        """Changes the title."""
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self.setAccessibleName(title)

    def set_subtitle(self, subtitle: str) -> None:
        """Changes the word on the right."""
        self._subtitle.set_text(subtitle)
        self._subtitle.setVisible(bool(subtitle))

    def set_colour(self, colour: str) -> None:
        """Changes the dot before the title; empty: none."""
        self._dot.setVisible(bool(colour))
        if colour:
            self._dot.set_colour(colour)

    def set_tone(self, tone: PanelTone) -> None:
        """Colours the border: something to see here."""
        set_property(self, "tone", tone)

    def add_header_widget(self, widget: QWidget) -> None:
        """Puts a widget at the right end of the header."""
        self.header.addWidget(widget)

    def add(self, thing: QWidget | QLayout, stretch: int = 0) -> None:
        """Puts a widget or a layout into the body."""
        if isinstance(thing, QWidget):
            self.body.addWidget(thing, stretch)
        else:
            self.body.addLayout(thing, stretch)


class Notice(QFrame):
    """A short message in its place, with a way to mend it: a problem, a suggestion.

    Signals:
        triggered(): the button was pressed.
        activated(): the words were clicked ("go there").
    """

    triggered = Signal()
    activated = Signal()

    def __init__(
        self, title: str = "", text: str = "", action: str = "", *, tone: PanelTone = "warning",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setProperty("surface", "card")
        self._icon = IconLabel(size=16)
        self._title, self._text = label(role="title", wrap=True), label(role="dim", wrap=True)
        self._button = button("", small=True)
        self._button.clicked.connect(self.triggered)
        head = QHBoxLayout()
        head.setSpacing(7)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(12, 10, 12, 12)
        inside.setSpacing(5)
        inside.addLayout(head)
        inside.addWidget(self._text)
        inside.addWidget(self._button, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_message(title, text, action, tone)

    def set_message(self, title: str, text: str = "", action: str = "", tone: PanelTone = "warning") -> None:
        """Shows another message."""
        names = {"warning": "warning", "bad": "error", "good": "check", "accent": "info", "": "info"}
        self._icon.set_icon(names[tone], tone or "dim")
        set_property(self, "tone", tone)
        set_property(self._title, "role", tone if tone in ("warning", "bad", "good") else "title")
        set_property(self._title, "strong", True)
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    def mouseReleaseEvent(self, event: object) -> None:  # noqa: N802
        """A click on the words goes there."""
        self.activated.emit()


class Collapsible(QWidget):
    """A section that folds under its title.

    Signals:
        toggled(bool): whether it is open now.
    """

    toggled = Signal(bool)

    def __init__(self, title: str = "", *, expanded: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._expanded = expanded
        self._head = QToolButton()
        self._head.setProperty("fold", True)
        self._head.setCheckable(False)
        self._head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._head.clicked.connect(lambda: self.set_expanded(not self._expanded))
        self._content = QWidget()
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 2, 0, 6)
        self.body.setSpacing(8)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self._head)
        inside.addWidget(self._content)
        self.set_title(title)
        self._show()

    def is_expanded(self) -> bool:
        """Whether its contents are shown."""
        return self._expanded

    def set_title(self, title: str) -> None:
        """Changes the title."""
        self._head.setText(title)
        self._head.setAccessibleName(title)

    def set_expanded(self, expanded: bool) -> None:
        """Opens or folds it."""
        if expanded != self._expanded:
            self._expanded = expanded
            self._show()
            self.toggled.emit(expanded)

    def add(self, thing: QWidget | QLayout) -> None:
        """Puts a widget or a layout into it."""
        if isinstance(thing, QWidget):
            self.body.addWidget(thing)
        else:
            self.body.addLayout(thing)

    def _show(self) -> None:
        set_icon(self._head, "chevron-down" if self._expanded else "chevron-right", "dim", 14)
        self._content.setVisible(self._expanded)
