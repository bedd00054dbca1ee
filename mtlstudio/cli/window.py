"""`mtlstudio [DIR]`: the window. Says in one line what is missing where there can be none."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr

WORKSPACES = ("data", "design", "train", "inspect", "compare")
_NO_WINDOW = mark("These commands need no window: new, data, templates, methods, check, train, evaluate, predict.")


def parser() -> argparse.ArgumentParser:
    """The options of the window."""
    parser = argparse.ArgumentParser(prog="mtlstudio", description=tr("Opens the window."))
    add_arguments(parser)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options of the window."""
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help=tr("a project folder"))
    parser.add_argument("--workspace", choices=WORKSPACES, help=tr("the workspace to show"))
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help=tr("save a picture of the window and leave"))
    parser.add_argument("--size", default="", metavar="WxH", help=tr("size of the window, such as 1280x720"))
    parser.add_argument("--theme", choices=("dark", "light", "system"), help=tr("overrides the setting this once"))
    parser.add_argument("--language", choices=("en", "zh_CN"), help=tr("overrides the setting this once"))
    parser.add_argument("--image", type=Path, metavar="FILE", help=tr("a picture to inspect"))


def run(arguments: argparse.Namespace) -> int:
    """Opens the window and returns its exit code."""
    if arguments.screenshot is not None and not _has_screen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    elif not _has_screen():
        raise StudioError(mark("there is no screen to open the window on"), fix=_NO_WINDOW)
    try:
        from mtlstudio.ui.shell.application import run_window
    except ImportError as error:
        raise StudioError(
            mark("the window needs Qt, which is not usable here ({error})"),
            fix=mark(
                "Install it: pip install PySide6-Essentials pyqtgraph. On Debian and Ubuntu Qt also needs: "
                "apt-get install libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libxcb-cursor0."
            ),
            error=error,
        ) from error
    return run_window(arguments)


def _has_screen() -> bool:
    if os.environ.get("QT_QPA_PLATFORM"):
        return True
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
