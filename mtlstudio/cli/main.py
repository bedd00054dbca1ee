"""Reads the command line, runs the command, turns every failure into one clear line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from mtlstudio import __version__
from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.rooms import declared_in
from mtlstudio.base.settings import load_settings
from mtlstudio.base.texts import mark, set_language, tr
from mtlstudio.cli import window
from mtlstudio.cli.interface import Command, complain, in_company


def commands() -> tuple[Command, ...]:
    """All commands there are."""
    found: tuple[Command, ...] = declared_in("mtlstudio.cli.commands", "COMMAND")
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Runs a command. Returns the exit code: 0 success, 1 failure, 2 bad usage."""
    given = list(sys.argv[1:] if words is None else words)
    set_language(load_settings().language_code())
    try:
        return _dispatch(given)
    except StudioError as error:
        complain(error.text())
        return 1
    except KeyboardInterrupt:
        complain(tr("interrupted"))
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        path = log_traceback(error)
        complain(tr("something unexpected went wrong ({error}). The details are in {path}.", error=error, path=path))
        return 1


def _dispatch(words: list[str]) -> int:
    found = {command.id: command for command in commands()}
    parser = _parser(found)
    first = next((word for word in words if not word.startswith("-")), None)
    if first not in found and not {"-h", "--help", "--version"} & set(words):
        arguments = window.parser().parse_args(words)
        return window.run(arguments)
    arguments = parser.parse_args(words)
    command = found[arguments.command]
    if in_company() and not command.together:
        raise StudioError(
            mark("{command} works in one process: torchrun is for train alone"), fix=mark("Start it without torchrun."),
            command=command.id,
        )  # fmt: skip
    return command.run(arguments)


def _parser(found: dict[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mtlstudio",
        description=tr("Design, train and understand multi-task networks."),
        epilog=tr(
            "Without a command: `mtlstudio [DIR]` opens the window; `mtlstudio window --help` tells its options."
        ),
    )
    parser.add_argument("--version", action="version", version=f"mtlstudio {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar=mark("COMMAND"))
    for command in found.values():
        summary = tr(command.summary)
        command.add_arguments(subparsers.add_parser(command.id, help=summary, description=summary))
    return parser
