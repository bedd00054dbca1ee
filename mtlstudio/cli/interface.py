"""What a command is, and how commands speak."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project import files
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder, runs_of
from mtlstudio.runs.folder import find_run as named_run


class Command(ABC):
    """One command of the command line.

    Attributes:
        id: the word that is typed.
        summary: marked for translation.
        together: several processes may carry it out together.
    """

    id: str
    summary: str
    together: bool = False

    @abstractmethod
    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declares the command's arguments."""

    @abstractmethod
    def run(self, arguments: argparse.Namespace) -> int:
        """Does it. Returns the exit code; raises StudioError for what a person can mend."""


def print_json(document: Any) -> None:
    """One JSON document on standard output; numbers that are not finite become null."""
    json.dump(_finite(document), sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")
    sys.stdout.flush()


def complain(text: str, aloud: bool | None = None) -> None:
    """One line on standard error, whatever the names in it say.

    Args:
        aloud: default: unless `torchrun` started this process beside a first one, which says it for all.
    """
    if aloud or (aloud is None and (not in_company() or os.environ.get("RANK") == "0")):
        print(f"mtlstudio: {' '.join(text.splitlines())}", file=sys.stderr, flush=True)


def in_company() -> bool:
    """Whether `torchrun` started several processes with this command."""
    return os.environ.get("WORLD_SIZE", "1") != "1" and "RANK" in os.environ


def load_project(folder: Path) -> ProjectSpec:
    """The project of a folder; never recovers by itself.

    Raises:
        StudioError: it is missing, damaged (names the recovery file) or newer.
    """
    return files.load(folder)


def find_run(folder: Path, name: str | None) -> RunFolder:
    """A run by id or name; without one the newest that has a checkpoint, baselines of single tasks left aside.

    Raises:
        StudioError: there is none; names those there are.
    """
    if name is None:
        trained = [run for run in reversed(runs_of(folder)) if run.checkpoints()]
        if trained:
            return next((run for run in trained if not run.info().is_baseline), trained[0])
        raise StudioError(
            mark("there is no trained run yet"), where=str(folder), fix=mark("Train one: mtlstudio train {folder}"),
            folder=str(folder),
        )  # fmt: skip
    return named_run(folder, name)


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Which checkpoint of the run: best, last, chosen, best:TASK, or a step."""
    parser.add_argument(
        "--checkpoint", type=lambda text: int(text) if text.isdecimal() else text, default="best", metavar="WHICH",
        help=tr("best, last, best:TASK, a step, or chosen (in Compare; the best where none is); default: best"),
    )  # fmt: skip


def table(rows: list[list[str]], header: list[str]) -> str:
    """Columns of text; numbers stand to the right."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join("  ".join(_cell(text, width) for text, width in zip(line, widths, strict=True)) for line in lines)


def _cell(text: str, width: int) -> str:
    is_number = text[:1].isdigit() or (text[:1] in "-+−" and text[1:2].isdigit())
    return text.rjust(width) if is_number else text.ljust(width)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [_finite(item) for item in items]
    if isinstance(value, Path):
        return str(value)
    return value
