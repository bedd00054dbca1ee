"""`mtlstudio methods`: the ways to balance the tasks."""

from __future__ import annotations

import argparse

from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.interface import Command, print_json, table
from mtlstudio.training.methods import balancing_methods


class _Methods(Command):
    id = "methods"
    summary = mark("list the balancing methods")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        found = balancing_methods()
        if arguments.json:
            print_json([
                {"id": item.id, "name": tr(item.name), "summary": tr(item.summary), "source": item.source}
                for item in found
            ])  # fmt: skip
        else:
            print(table([[item.id, tr(item.name), tr(item.summary)] for item in found], [tr("Id"), tr("Name"), ""]))
        return 0


COMMAND = _Methods()
