"""Theme, language, settings and keys, as the person likes them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from mtlstudio.base.texts import LANGUAGES, language, set_language
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell import dialogs
from mtlstudio.ui.theme import apply_theme, theme


class Preferences(QObject):
    """Signals:
    language_changed: every text has to be made anew.
    theme_changed: another theme is in use.
    """

    language_changed = Signal()
    theme_changed = Signal()

    def __init__(self, window: QObject, studio: Studio) -> None:
        super().__init__(window)
        self._window, self._studio = window, studio

    def handlers(self) -> dict[str, Callable[[], object]]:
        """The actions that are about preferences."""
        return {
            "app.settings": self.ask,
            "view.dark": lambda: self.use_theme("light" if theme().is_dark else "dark"),
            "view.language": self.next_language,
        }

    def change_language(self, code: str) -> None:
        """Shows everything in another language, now and from now on."""
        self._studio.settings.language = code
        self._studio.remember_settings()
        self._use_language()

    def next_language(self) -> None:
        """The next one of the languages there are."""
        codes = list(LANGUAGES)
        self.change_language(codes[(codes.index(language()) + 1) % len(codes)])

    def use_theme(self, name: str) -> None:
        """`dark`, `light` or `system`, now and from now on."""
        self._studio.settings.theme = name
        self._studio.remember_settings()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, name)  # type: ignore[arg-type]
        self.theme_changed.emit()

    def ask(self) -> None:
        """The settings dialog."""
        settings = self._studio.settings
        dialog = dialogs.SettingsDialog(settings, self._window)  # type: ignore[arg-type]
        if not dialog.exec():
            return
        for name, value in dialog.values.items():
            setattr(settings, name, value)
        self.use_theme(settings.theme)
        self._use_language()

    def _use_language(self) -> None:
        code = self._studio.settings.language_code()
        if code != language():
            set_language(code)
            QTimer.singleShot(0, self.language_changed.emit)  # the menu that asked for it is still open
