"""`mtlstudio data DIR`: what the project's data holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.cli.interface import Command, load_project, print_json, table
from mtlstudio.data.interface import SPLITS
from mtlstudio.data.project import open_data
from mtlstudio.data.statistics import DataReport, report


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
            print("\n".join(_lines(found)))
        return 0


def _lines(found: DataReport) -> list[str]:
    """The report as text."""
    counts = ", ".join(f"{split} {count}" for split, count in found.samples.items())
    lines = [tr("Pictures: {counts}", counts=counts), ""]
    rows = [
        [task.name, task.id, task.type, *(str(task.coverage.get(split, 0)) for split in SPLITS)] for task in found.tasks
    ]
    lines.append(table(rows, [tr("Task"), tr("Id"), tr("Type"), *SPLITS]))
    lines.append("")
    lines.append(ntr("{n} finding", "{n} findings", len(found.findings)))
    lines.extend(f"  {finding.severity}: {finding.line()}" for finding in found.findings)
    return lines


COMMAND = _Data()
