"""`mtlstudio predict DIR IMAGE…`: masks, labels and values of pictures, as files."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.cli.interface import Command, add_checkpoint, complain, find_run, load_project


class _Predict(Command):
    id = "predict"
    summary = mark("predict pictures with a run; writes masks, overlays and predictions.json")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help=tr("pictures, or folders of them"))
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=tr("where the files go"))
        parser.add_argument("--run", metavar="RUN", help=tr("a run; default: the newest"))
        add_checkpoint(parser)

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.inspection.export import export_predictions

        load_project(arguments.folder)
        run = find_run(arguments.folder.resolve(), arguments.run)
        result = export_predictions(run, arguments.images, arguments.out, which=arguments.checkpoint)
        for line in result.failures:
            complain(line)
        print(ntr("{n} picture predicted, in {out}", "{n} pictures predicted, in {out}", result.done,
                  out=arguments.out))  # fmt: skip
        return 1 if result.failures else 0


COMMAND = _Predict()
