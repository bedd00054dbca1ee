"""Words that structure a panel: section titles, key hints, lines of facts, words that may be cut."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QKeySequence, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QWidget

from mtlstudio.ui.theme import font, scaled, signals, theme
from mtlstudio.ui.widgets.common import label, repaint_on_theme, set_property


class SectionTitle(QWidget):
    """A section's name in small grey capitals, with a word on the right where wanted."""

    def __init__(self, text: str = "", trailing: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._trailing = label(role="section"), label(role="section")
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 8, 0, 2)
        inside.setSpacing(8)
        inside.addWidget(self._text, 1)
        inside.addWidget(self._trailing)
        signals.theme_changed.connect(self._dress)
        self._dress()
        self.set_text(text)
        self.set_trailing(trailing)

    def text(self) -> str:
        """The section's name."""
        return self._text.text()

    def set_text(self, text: str) -> None:
        """Changes the name (written as usual; the capitals are only drawn)."""
        self._text.setText(text)
        self.setAccessibleName(text)

    def set_trailing(self, text: str) -> None:
        """Changes the word on the right."""
        self._trailing.setText(text)
        self._trailing.setVisible(bool(text))

    def add_widget(self, widget: QWidget) -> None:
        """Puts a small button or the like at the right end."""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(widget)

    def _dress(self) -> None:
        capitals = font(11, QFont.Weight.DemiBold)
        capitals.setCapitalization(QFont.Capitalization.AllUppercase)
        capitals.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 106)
        self._text.setFont(capitals)
        self._trailing.setFont(font(11, QFont.Weight.DemiBold))


class ElidedLabel(QLabel):
    """One line that ends in … where the room is too small; the tool tip then has all of it."""

    def __init__(
        self,
        text: str = "",
        role: str = "",
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._full, self._mode = "", mode
        if role:
            set_property(self, "role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.set_text(text)

    def full_text(self) -> str:
        """All of the words."""
        return self._full

    def set_text(self, text: str) -> None:
        """Changes the words."""
        self._full = text
        self.setAccessibleName(text)
        self._cut()
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all of it."""
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """May shrink to a few letters."""
        return QSize(min(self.sizeHint().width(), scaled(28)), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Cuts anew."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        flat = " ".join(self._full.split())
        shown = self.fontMetrics().elidedText(flat, self._mode, max(0, self.width()))
        super().setText(shown)
        self.setToolTip(self._full if shown != flat else "")


class KeyHint(QWidget):
    """A key or shortcut, drawn like a key."""

    def __init__(self, shortcut: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        repaint_on_theme(self, 11)
        self.set_shortcut(shortcut)

    def set_shortcut(self, shortcut: str) -> None:
        """Shows another shortcut, in the machine's own way of writing."""
        native = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        self._words = native or shortcut
        self.setAccessibleName(self._words)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As wide as its words."""
        high = self.fontMetrics().height() + 3
        return QSize(max(high, self.fontMetrics().horizontalAdvance(self._words) + 10), high)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paints the key."""
        if not self._words:
            return
        tokens = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tokens.colour("line"), 1))
        painter.setBrush(tokens.colour("panel"))
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setPen(tokens.colour("dim"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._words)


class FactList(QWidget):
    """Lines of `name … value`, the names grey on the left, the values on the right.

    Args:
        wrap: long values break into lines instead of asking for more room.
    """

    def __init__(
        self, facts: Sequence[tuple[str, str]] = (), parent: QWidget | None = None, wrap: bool = False
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._wrap = wrap
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.set_facts(facts)

    def facts(self) -> list[tuple[str, str]]:
        """What is shown."""
        return [(name.text(), value.text()) for name, value in self._labels]

    def set_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Shows other facts; labels are kept where their number allows, so that live values do not flicker."""
        while len(self._labels) > len(facts):
            for gone in self._labels.pop():
                self._grid.removeWidget(gone)
                gone.deleteLater()
        while len(self._labels) < len(facts):
            self._add_line()
        for (name, value), (left, right) in zip(facts, self._labels, strict=True):
            left.setText(name)
            right.setText(value)
            right.setAccessibleName(name)

    def _add_line(self) -> None:
        name, value = label(role="dim", parent=self), label(wrap=self._wrap, parent=self)
        value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line = len(self._labels)
        self._grid.addWidget(name, line, 0)
        self._grid.addWidget(value, line, 1)
        self._labels.append((name, value))
