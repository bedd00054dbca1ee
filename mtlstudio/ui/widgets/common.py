"""Small helps that several widgets need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from weakref import WeakMethod

from PySide6.QtCore import QObject
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QDialogButtonBox, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from mtlstudio.base.texts import mark, on_language_changed, tr
from mtlstudio.ui.theme import font, signals, theme

_Box = TypeVar("_Box", QHBoxLayout, QVBoxLayout)

_STANDARD = {
    QDialogButtonBox.StandardButton.Ok: mark("OK"),
    QDialogButtonBox.StandardButton.Cancel: mark("Cancel"),
    QDialogButtonBox.StandardButton.Close: mark("Close"),
}


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Sets a property that the style sheet looks at, and lets it take effect."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def follow_language(owner: QObject, refresh: Callable[[], None]) -> None:
    """Calls `refresh` after each change of language for as long as `owner` lives."""
    weak = WeakMethod(refresh) if hasattr(refresh, "__self__") else None

    def call() -> None:
        method = weak() if weak is not None else refresh
        if method is not None:
            method()

    owner.destroyed.connect(on_language_changed(call))


def dialog_buttons(*standard: QDialogButtonBox.StandardButton) -> QDialogButtonBox:
    """The buttons at the end of a dialog (Ok, Cancel, Close), in the program's own words: Qt's speak English only."""
    box = QDialogButtonBox()
    for one in standard:
        box.addButton(one).setText(tr(_STANDARD[one]))
    return box


def label(text: str = "", role: str = "", wrap: bool = False, parent: QWidget | None = None) -> QLabel:
    """A plain label.

    Args:
        text: what it says, translated.
        role: `dim`, `small`, `title`, `heading`, `display`, `section`, `good`, `warning`, `bad` or nothing.
        wrap: breaks long texts.
        parent: its owner.
    """
    made = QLabel(text, parent)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def button(
    text: str, icon: str = "", *, accent: bool = False, danger: bool = False, quiet: bool = False, small: bool = False
) -> QPushButton:
    """A push button in one of the window's manners; `accent` at most once per view."""
    from mtlstudio.ui.widgets.icons import set_icon

    made = QPushButton(text)
    for name, wanted in (("accent", accent), ("danger", danger), ("quiet", quiet), ("small", small)):
        if wanted:
            made.setProperty(name, True)
    if icon:
        colour = "on_accent" if accent else "bad" if danger else "text"
        set_icon(made, icon, colour, size=14 if small else 16)
    return made


def row(*things: QWidget | QLayout | int, spacing: int = 8, margins: int = 0) -> QHBoxLayout:
    """A horizontal layout of widgets and layouts; a number is a stretch."""
    return _filled(QHBoxLayout(), things, spacing, margins)


def column(*things: QWidget | QLayout | int, spacing: int = 8, margins: int = 0) -> QVBoxLayout:
    """A vertical layout of widgets and layouts; a number is a stretch."""
    return _filled(QVBoxLayout(), things, spacing, margins)


def _filled(made: _Box, things: tuple[object, ...], spacing: int, margins: int) -> _Box:
    made.setSpacing(spacing)
    made.setContentsMargins(margins, margins, margins, margins)
    for thing in things:
        if isinstance(thing, QWidget):
            made.addWidget(thing)
        elif isinstance(thing, QLayout):
            made.addLayout(thing)
        elif isinstance(thing, int):
            made.addStretch(thing)
    return made


class _ThemeFollower(QObject):
    """A child of a widget that lets it measure and paint itself anew, and goes when it goes."""

    def __init__(self, widget: QWidget, size: float, weight: QFont.Weight) -> None:
        super().__init__(widget)
        self._size, self._weight = size, weight
        signals.theme_changed.connect(self.refresh)

    def refresh(self) -> None:
        widget = self.parent()
        assert isinstance(widget, QWidget)
        if self._size:
            widget.setFont(font(self._size, self._weight))
        widget.updateGeometry()
        widget.update()


def repaint_on_theme(widget: QWidget, size: float = 0.0, weight: QFont.Weight = QFont.Weight.Normal) -> None:
    """Lets a widget that paints by hand repaint when the theme changes.

    Args:
        widget: who paints.
        size: of its font in pixels at 100 % text size, set now and at each change; 0 leaves its font alone.
        weight: of its font.
    """
    _ThemeFollower(widget, size, weight).refresh()


def paint_focus_ring(painter: QPainter, widget: QWidget, radius: float = 7.0) -> None:
    """The ring that shows keyboard users where they are; nothing without the focus."""
    if not widget.hasFocus():
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = painter.pen()
    pen.setColor(theme().colour("accent"))
    pen.setWidthF(1.5)
    painter.setPen(pen)
    painter.setBrush(QColor(0, 0, 0, 0))
    area = widget.rect().toRectF().adjusted(0.75, 0.75, -0.75, -0.75)
    painter.drawRoundedRect(area, radius, radius)
    painter.restore()
