"""Reads tables: comma, semicolon, tab or space separated, with headings or without, as data sets are published with."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.folders import entries, subfolders

ENDINGS = (".csv", ".tsv", ".txt")

_LARGEST = 300_000_000
_DELIMITERS = (",", "\t", ";")


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Attributes:
        columns: the headings; where there are none, made from the file's name.
        rows: as many cells in each as there are columns.
        skipped: how many lines had another number of cells.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    skipped: int = 0


def table_files(root: Path) -> list[Path]:
    """The files that may be tables: in the folder and in those directly below."""
    return [
        folder / name
        for folder in (root, *subfolders(root)[:50])
        for name in entries(folder)[1]
        if Path(name).suffix.lower() in ENDINGS
    ]


def read_table(path: Path, most: int | None = None) -> Table | None:
    """A table, None where the file is none.

    A first line that holds nothing but the count of rows (as CelebA has) is passed over.

    Args:
        most: read no more lines (a quick look).

    Raises:
        StudioError: the file cannot be read.
    """
    lines = _lines(path, most)
    if lines and re.fullmatch(r"\d+", lines[0].strip()):
        lines = lines[1:]
    if len(lines) < 2:
        return None
    cells = _cells(lines)
    width = Counter(map(len, cells[1:])).most_common(1)[0][0]
    if width < 2:
        return None
    head = cells[0]
    if len(head) == width - 1 and not _like(head, cells[1][1:]):  # the column of files has no heading
        head = ["", *head]
    if len(head) == width and not _like(head, cells[1]):
        columns, rows = _unlike(head), cells[1:]
    else:
        columns, rows = _unlike(["", *[path.stem] * (width - 1)]), cells
    whole = tuple(tuple(row) for row in rows if len(row) == width)
    return Table(path, tuple(columns), whole, len(rows) - len(whole)) if whole else None


def _lines(path: Path, most: int | None) -> list[str]:
    try:
        if path.stat().st_size > _LARGEST:
            return []
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            if most is not None:
                return [line for line, _ in zip(file, range(most), strict=False)]
            return [line for line in file if line.strip()]
    except OSError as error:
        raise StudioError(
            mark("the table cannot be read: {reason}"), where=str(path), reason=error.strerror or error
        ) from error


def _cells(lines: Sequence[str]) -> list[list[str]]:
    """The lines divided by the sign that divides all of them alike; else by spaces."""
    for sign in _DELIMITERS:
        counts = {line.count(sign) for line in lines[:20]}
        if min(counts) > 0:
            try:
                return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=sign) if row]
            except csv.Error:
                continue
    return [line.split() for line in lines]


def _like(head: Sequence[str], row: Sequence[str]) -> bool:
    """The first line looks like the others: a number where they have numbers, an ending where they have one."""
    return any(
        (_is_number(a) and _is_number(b)) or (_ending(a) and _ending(a) == _ending(b))
        for a, b in zip(head, row, strict=False)
    )


def _ending(cell: str) -> str:
    return Path(cell).suffix.lower() if re.search(r"\.[A-Za-z]{3,4}$", cell) else ""


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _unlike(head: Sequence[str]) -> list[str]:
    """Headings that are all different."""
    seen: dict[str, int] = {}
    result = []
    for name in head:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return result
