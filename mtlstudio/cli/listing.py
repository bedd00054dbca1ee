"""Commands that list what there is to choose."""

from __future__ import annotations

import argparse
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol

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

    def details(self, choice: Choice) -> dict[str, Any]:
        """What else `--json` tells of it."""
        return {}

    def columns(self) -> dict[str, Callable[[Any], str]]:
        """Further columns of the table, between name and summary: heading -> what stands there."""
        return {}

    def closing(self) -> str:
        """A line below the table; empty for none."""
        return ""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        if arguments.json:
            print_json([self._document(item) for item in self.choices()])
            return 0
        columns = self.columns()
        rows = [
            [
                item.id,
                tr(item.name),
                *(cell(item) for cell in columns.values()),
                self.hindrance(item) or tr(item.summary),
            ]
            for item in self.choices()
        ]
        print(table(rows, [tr("Id"), tr("Name"), *columns, tr("Summary")]))
        if closing := self.closing():
            print(f"\n{closing}")
        return 0

    def _document(self, item: Choice) -> dict[str, Any]:
        lacks = self.hindrance(item)
        return {
            "id": item.id, "name": tr(item.name), "summary": tr(item.summary), "source": item.source,
            **({"lacks": lacks} if lacks else {}), **self.details(item),
        }  # fmt: skip
