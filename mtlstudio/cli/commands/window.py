"""`mtlstudio window [DIR]`: the same as without a command."""

from __future__ import annotations

import argparse

from mtlstudio.base.texts import mark
from mtlstudio.cli import window
from mtlstudio.cli.interface import Command


class _Window(Command):
    id = "window"
    summary = mark("open the window (also: no command at all)")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        window.add_arguments(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        return window.run(arguments)


COMMAND = _Window()
