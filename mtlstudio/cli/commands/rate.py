"""`mtlstudio rate DIR`: proposes a learning rate."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.base.texts import mark, tr
from mtlstudio.cli import studying
from mtlstudio.cli.interface import Command, complain, print_json, table

if TYPE_CHECKING:
    from mtlstudio.training.rate_finder import RateFound

_LINES = 20


class _Rate(Command):
    id = "rate"
    summary = mark("propose a learning rate: a short training whose rate rises until it falls apart")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("--steps", type=int, default=100, metavar="N", help=tr("how many rates are tried"))
        studying.add_settings(parser)
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.training.rate_finder import find_rate

        spec = studying.spec_of(arguments)
        steps = find_rate(spec, arguments.folder.resolve(), steps=max(arguments.steps, 1))
        try:
            while True:
                next(steps)
        except StopIteration as end:
            found: RateFound = end.value
        if arguments.json:
            print_json(_document(found))
        else:
            _print(found)
        if found.rate is None:
            complain(
                tr("no learning rate can be proposed: the losses never fell. Try more steps, or look at the data.")
            )
            return 1
        return 0


def _print(found: RateFound) -> None:
    every = max(len(found.tried) // _LINES, 1)
    rows = [[f"{one.rate:.2e}", "—" if one.smoothed is None else f"{one.smoothed:.3f}"] for one in found.tried[::every]]
    print(table(rows, [tr("Learning rate"), tr("Loss, relative to its start")]))
    if found.rate is not None:
        print(tr("Proposed: {rate:.2g}; cautious: {steepest:.2g}.", rate=found.rate, steepest=found.steepest))
        print(tr("To use it: --set training.optimizer.learning_rate={rate:.2g}", rate=found.rate))


def _document(found: RateFound) -> dict[str, object]:
    return {
        "learning_rate": found.rate,
        "steepest": found.steepest,
        "tried": [
            {
                "step": one.step,
                "learning_rate": one.rate,
                "loss": one.loss,
                "smoothed": one.smoothed,
                "tasks": one.losses,
            }
            for one in found.tried
        ],
    }


COMMAND = _Rate()
