"""Commands that list what there is to choose."""

from __future__ import annotations

import argparse
from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from mtlstudio.base.texts import tr
from mtlstudio.cli.interface import Command, print_json, table


class Choice(Protocol):
    """Something declared: name and summary are marked for translation."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def summary(self) -> str: ...
    @property
    def source(self) -> str: ...


class Listing(Command):
    """Prints declared things: as a table, or as a list of `{id, name, summary, source}`; what cannot be chosen here has
    `lacks`, the reason, as well."""

    @abstractmethod
    def choices(self) -> Sequence[Choice]:
        """What there is."""

    def hindrance(self, choice: Choice) -> str:
        """Why something cannot be chosen here, in the user's language; empty where it can."""
        return ""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        found = [
            {"id": item.id, "name": tr(item.name), "summary": tr(item.summary), "source": item.source}
            | ({"lacks": reason} if (reason := self.hindrance(item)) else {})
            for item in self.choices()
        ]
        if arguments.json:
            print_json(found)
        else:
            rows = [[item["id"], item["name"], item.get("lacks") or item["summary"]] for item in found]
            print(table(rows, [tr("Id"), tr("Name"), tr("Summary")]))
        return 0
