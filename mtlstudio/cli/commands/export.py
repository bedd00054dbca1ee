"""`mtlstudio export DIR`: a network taken away as Python, ONNX, safetensors or a torch.export program."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.interface import Command, complain, find_run, load_project, print_json
from mtlstudio.network.export.formats import export_formats
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder


class _Export(Command):
    id = "export"
    summary = mark("take a network away: Python, ONNX, safetensors or torch.export, compared with the live network")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument(
            "--format", required=True, choices=[item.id for item in export_formats()], help=tr("what to write")
        )
        parser.add_argument(
            "--out", type=Path, required=True, metavar="PATH", help=tr("the file, or a folder to write it into")
        )
        parser.add_argument("--run", metavar="RUN", help=tr("a run; without one the present design, as Python only"))
        parser.add_argument(
            "--checkpoint", default="best", metavar="WHICH", help=tr("best, last or a step of the run; default: best")
        )
        parser.add_argument("--no-weights", action="store_true", help=tr("Python: the script without trained weights"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.inspection.takeaway import take_away

        spec = load_project(arguments.folder)
        source: RunFolder | ProjectSpec = spec
        if arguments.run is not None:
            source = find_run(arguments.folder.resolve(), arguments.run)
        if arguments.no_weights and arguments.format != "python":
            raise StudioError(
                mark("--no-weights goes with --format python only"), fix=mark("Leave it out: {format} holds the weights."),
                format=arguments.format,
            )  # fmt: skip
        which: str | int = int(arguments.checkpoint) if arguments.checkpoint.isdecimal() else arguments.checkpoint
        result = take_away(
            source, arguments.format, arguments.out, with_weights=not arguments.no_weights, which=which
        )  # fmt: skip
        if arguments.json:
            print_json(result.as_json())
            return 0
        print(result.text())
        for path in result.files:
            print(f"  {path}")
        for note in result.notes:
            complain(note)
        return 0


COMMAND = _Export()
