"""Which theme is in use, and how it is put on the application."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from mtlstudio.ui.theme.fonts import font, load_fonts, set_text_scale, text_scale
from mtlstudio.ui.theme.stylesheet import stylesheet
from mtlstudio.ui.theme.tokens import DARK, LIGHT, Tokens

ThemeName = Literal["dark", "light", "system"]


class ThemeSignals(QObject):
    """Tells who paints by hand that the colours have changed.

    Signals:
        theme_changed(): after `apply_theme`; `theme()` already gives the new tokens.
    """

    theme_changed = Signal()


signals = ThemeSignals()
_current: Tokens = DARK
_wanted: ThemeName = "dark"
_follows_system = False


def theme() -> Tokens:
    """The tokens in use."""
    return _current


def apply_theme(app: QApplication, name: ThemeName = "dark", scale: float = 1.0) -> None:
    """Puts palette, style sheet and font on the application and tells those who paint by hand.

    Args:
        app: the application.
        name: `system` follows the desktop's setting, now and later.
        scale: size of the texts, 1 … 2 (1 is 13 px).
    """
    global _current, _wanted
    _wanted = name
    set_text_scale(scale)
    _current = _tokens(app, name)
    _follow_system(app)
    app.setStyle(QStyleFactory.create("Fusion"))
    app.setPalette(_palette(_current))
    load_fonts()
    app.setFont(font())
    app.setStyleSheet(stylesheet(_current, text_scale()))
    signals.theme_changed.emit()


def _tokens(app: QApplication, name: ThemeName) -> Tokens:
    if name == "system":
        return LIGHT if app.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK
    return LIGHT if name == "light" else DARK


def _follow_system(app: QApplication) -> None:
    global _follows_system
    if _follows_system:
        return
    _follows_system = True

    def changed() -> None:
        if _wanted == "system" and _tokens(app, "system") is not _current:
            apply_theme(app, "system", text_scale())

    app.styleHints().colorSchemeChanged.connect(changed)


def _palette(tokens: Tokens) -> QPalette:
    role = QPalette.ColorRole
    faces = {
        role.Window: "panel", role.WindowText: "text", role.Base: "field", role.AlternateBase: "panel",
        role.Text: "text", role.Button: "raised", role.ButtonText: "text", role.BrightText: "on_accent",
        role.ToolTipBase: "card", role.ToolTipText: "text", role.PlaceholderText: "dim",
        role.Highlight: "accent_fill", role.HighlightedText: "on_accent", role.Accent: "accent",
        role.Link: "accent", role.LinkVisited: "accent", role.Light: "card", role.Midlight: "card",
        role.Mid: "line", role.Dark: "line", role.Shadow: "background",
    }  # fmt: skip
    palette = QPalette()
    for face, token in faces.items():
        palette.setColor(face, tokens.colour(token))
    for face in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, face, tokens.colour("dim", 0.55))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, tokens.colour("line"))
    return palette
