"""`mtlstudio evaluate DIR`: metrics of a run at the pictures' own size."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.cli.interface import Command, add_checkpoint, find_run, load_project, print_json, table


class _Evaluate(Command):
    id = "evaluate"
    summary = mark("measure a run on a split, at the pictures' own size")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("--run", metavar="RUN", help=tr("a run; default: the newest"))
        add_checkpoint(parser)
        parser.add_argument("--split", choices=("train", "val", "test"), default="val", help=tr("the pictures"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.inspection.evaluate import evaluate

        load_project(arguments.folder)
        folder: Path = arguments.folder.resolve()
        run = find_run(folder, arguments.run)
        found = evaluate(folder, run, arguments.split, arguments.checkpoint)
        if arguments.json:
            print_json(found.as_json())
            return 0
        print(tr("run {run}, {split}, epoch {epoch} ({which})", run=run.id, split=arguments.split, epoch=found.epoch,
                 which=found.which))  # fmt: skip
        print(ntr("{n} picture", "{n} pictures", found.samples))
        rows = [
            [task, metric, "—" if value != value else f"{value:.4f}"]
            for task, metrics in found.metrics.items()
            for metric, value in metrics.items()
        ]
        print(table(rows, [tr("Task"), tr("Metric"), tr("Value")]))
        unmeasured = [task for task, count in found.present.items() if not count]
        if unmeasured:
            values = {"split": arguments.split, "tasks": ", ".join(unmeasured)}
            print(tr("No picture of the split {split} has a label of {tasks}: nothing can be said of it.", **values))
        return 0


COMMAND = _Evaluate()
