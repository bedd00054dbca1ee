"""Sizes of dialogs that grow with the text, but never beyond the screen."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mtlstudio.ui.theme import scaled

MARGIN = 40


def resize_on_screen(widget: QWidget, width: float, height: float) -> None:
    """Makes a window so large (pixels at 100 % text size), as far as the screen has room for it."""
    room = widget.screen().availableSize()
    widget.resize(min(scaled(width), room.width() - MARGIN), min(scaled(height), room.height() - MARGIN))
