"""`mtlstudio data DIR`: what the project's data holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.interface import Command, load_project, print_json
from mtlstudio.data.project import open_data
from mtlstudio.data.statistics import report


class _Data(Command):
    id = "data"
    summary = mark("tell what the data holds: samples, classes, coverage, findings")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        spec = load_project(arguments.folder)
        found = report(open_data(spec, arguments.folder.resolve()), spec)
        if arguments.json:
            print_json(found.as_json())
        else:
            print("\n".join(found.lines()))
        return 0


COMMAND = _Data()
