"""Tells a person who does something else meanwhile that a long run has ended."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QSystemTrayIcon

from mtlstudio.base.texts import tr
from mtlstudio.runs.events import Event, RunFailed, RunFinished, RunStarted
from mtlstudio.session.studio import Studio
from mtlstudio.ui.train.words import clock
from mtlstudio.ui.widgets.icons import icon

LEAST_SECONDS = 60.0
_SHOWN_MS = 12_000


class Notifier(QObject):
    """Listens to the training of a window. A run of a minute and more that ends or fails while the window does not have
    the focus makes its entry in the task bar blink, and, where the desktop shows messages, gives one.

    Attributes:
        told: (title, text) of the last message; for tests.
    """

    def __init__(self, window: QMainWindow, studio: Studio) -> None:
        super().__init__(window)
        self._window, self._studio = window, studio
        self._began = 0.0
        self._icon: QSystemTrayIcon | None = None
        self.told: tuple[str, str] | None = None
        studio.training.events.connect(self._take)

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, RunStarted):
                self._began = event.time
        last = events[-1]  # an end with something after it is that of a run which now goes on
        if isinstance(last, RunFinished | RunFailed) and self._studio.training.is_training:
            self._ended(last)

    def _ended(self, event: RunFinished | RunFailed) -> None:
        seconds = event.time - self._began
        if not self._studio.settings.notify or seconds < LEAST_SECONDS or self._window.isActiveWindow():
            return
        run = self._studio.training.run
        name = run.info().name if run is not None else ""
        if isinstance(event, RunFailed):
            title, text = tr("{run} has failed", run=name), event.message
        else:
            title = tr("{run} has ended", run=name)
            text = tr("After epoch {epoch}, {time}.", epoch=event.epoch, time=clock(seconds))
        self.told = (title, text)
        QApplication.alert(self._window)
        self._message(title, text, isinstance(event, RunFailed))

    def _message(self, title: str, text: str, failed: bool) -> None:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        if self._icon is None:
            self._icon = QSystemTrayIcon(icon("train"), self)
            self._icon.messageClicked.connect(self._come_back)
            self._icon.activated.connect(lambda _reason: self._come_back())
        kind = QSystemTrayIcon.MessageIcon.Critical if failed else QSystemTrayIcon.MessageIcon.Information
        self._icon.show()
        self._icon.showMessage(title, text, kind, _SHOWN_MS)
        QTimer.singleShot(_SHOWN_MS, self._icon, self._icon.hide)

    def _come_back(self) -> None:
        self._window.raise_()
        self._window.activateWindow()
