"""Starts the application: theme, window, engine; takes the picture for `--screenshot`."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import cast

from PySide6.QtCore import QElapsedTimer, QTimer, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.settings import load_settings
from mtlstudio.base.texts import mark, set_language, tr
from mtlstudio.session.studio import Studio
from mtlstudio.ui.shell.notify import Notifier
from mtlstudio.ui.shell.window import MainWindow
from mtlstudio.ui.theme import apply_theme
from mtlstudio.ui.theme.current import ThemeName
from mtlstudio.ui.widgets.icons import icon

SETTLE_MS = 30000


def run_window(arguments: argparse.Namespace) -> int:
    """Opens the window and returns its exit code.

    Raises:
        StudioError: the project cannot be opened and there is nobody to ask (`--screenshot`).
    """
    settings = load_settings()
    set_language(arguments.language or settings.language_code())
    qInstallMessageHandler(_pass_on)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationName("MTL Studio")
    app.setDesktopFileName("mtlstudio")
    apply_theme(app, cast("ThemeName", arguments.theme or settings.theme))
    app.setWindowIcon(icon("app-icon", size=256))
    studio = Studio(settings)
    window = MainWindow(studio)
    Notifier(window, studio)
    _report_errors(studio)
    if arguments.size:
        window.resize(*_size(arguments.size))
    elif arguments.screenshot is not None:
        window.resize(1440, 900)
    window.show()
    failures: list[StudioError] = []
    QTimer.singleShot(0, lambda: _begin(window, studio, arguments, failures))
    code = app.exec()
    window.dispose()
    studio.shut_down()
    if failures:
        raise failures[0]
    return code


def _begin(window: MainWindow, studio: Studio, arguments: argparse.Namespace, failures: list[StudioError]) -> None:
    """What happens once the window stands: the engine wakes, the project opens."""
    studio.engine.start()
    try:
        if arguments.workspace:
            window.current = arguments.workspace
        if arguments.folder is not None:
            window.projects.open(arguments.folder, ask=arguments.screenshot is None)
        if arguments.image is not None:
            window.inspect_images([arguments.image])
    except StudioError as error:
        if arguments.screenshot is not None:
            failures.append(error)
            QApplication.exit(1)
            return
        studio.say(error.text(), "bad")
    if arguments.screenshot is not None:
        _when_settled(window, lambda: _take(window, arguments.screenshot, failures))


def _when_settled(window: MainWindow, then: Callable[[], None]) -> None:
    """Calls `then` once nothing on the window changes any more (or after half a minute)."""
    clock, quiet = QElapsedTimer(), QElapsedTimer()
    clock.start()
    quiet.start()
    timer = QTimer(window)

    def look() -> None:
        if not window.settled():
            quiet.restart()
        if quiet.elapsed() > 400 or clock.elapsed() > SETTLE_MS:
            timer.stop()
            then()

    timer.timeout.connect(look)
    timer.start(50)


def _take(window: MainWindow, path: Path, failures: list[StudioError]) -> None:
    picture = window.grab()
    path.parent.mkdir(parents=True, exist_ok=True)
    if picture.save(str(path)):
        QApplication.exit(0)
    else:
        failures.append(StudioError(mark("the picture cannot be saved"), where=str(path)))
        QApplication.exit(1)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise StudioError(
            mark("--size {text!r} is no size"), fix=mark("Write it as WIDTHxHEIGHT, such as 1280x720."), text=text
        )
    return int(width), int(height)


def _pass_on(_kind: object, _context: object, message: str) -> None:
    """Qt's own words go to standard error, less the one that the offscreen platform repeats for every dialog."""
    if "propagateSizeHints" not in message:
        print(message, file=sys.stderr)


def _report_errors(studio: Studio) -> None:
    """An error that nobody caught is logged and told; the window stays."""

    def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, KeyboardInterrupt):
            QGuiApplication.exit(1)
            return
        if isinstance(error, StudioError):
            studio.say(error.text(), "bad")
            return
        path = log_traceback(error)
        studio.say(tr("Something unexpected went wrong. The details are in {path}.", path=path), "bad")
        sys.__excepthook__(kind, error, trace)

    sys.excepthook = report

    def report_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            log_traceback(arguments.exc_value)

    threading.excepthook = report_thread
