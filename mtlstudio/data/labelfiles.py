"""Finds the names of classes in files that lie beside the data: lists, tables with colours, JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtlstudio.data.folders import entries

_NAMED = frozenset({
    "classes", "class_names", "classnames", "class_list", "labels", "label_names", "labelnames", "names", "codes",
    "categories", "labelmap", "label_colors", "label_colours", "class_dict", "_classes", "colormap", "id2label",
    "label2id", "meta", "obj", "label_info", "class_colors",
})  # fmt: skip
_ENDINGS = frozenset({".txt", ".csv", ".json", ".names"})
_LISTS = ("classes", "labels", "categories", "names", "label_names", "class_names")
_NAME_KEYS = ("name", "title", "label", "class", "class_name", "readable")
_ID_KEYS = ("id", "index", "value", "class_id", "label_id", "pixel_value")
_COLOUR_KEYS = ("color", "colour", "rgb")
_LARGEST = 1_000_000

Colour = tuple[int, int, int]


@dataclass
class ClassNames:
    """What such a file says; each part may be empty.

    Attributes:
        names: in the file's order.
        by_value: stored value -> name.
        by_colour: colour -> name.
    """

    names: list[str] = field(default_factory=list)
    by_value: dict[int, str] = field(default_factory=dict)
    by_colour: dict[Colour, str] = field(default_factory=dict)

    def add(self, name: str, value: int | None = None, colour: Colour | None = None) -> None:
        """One more class."""
        self.names.append(name)
        if value is not None:
            self.by_value.setdefault(value, name)
        if colour is not None:
            self.by_colour.setdefault(colour, name)


def class_names(folders: Iterable[Path]) -> ClassNames | None:
    """The first file of class names in these folders that can be understood, None where there is none."""
    for folder in dict.fromkeys(folders):
        for path in _candidates(folder):
            try:
                found = _read(path)
            except (OSError, ValueError, TypeError, KeyError, RecursionError):  # another file of that name
                continue
            if found is not None and len(found.names) > 1:
                return found
    return None


def _candidates(folder: Path) -> list[Path]:
    return [
        folder / name
        for name in entries(folder)[1]
        if Path(name).stem.lower() in _NAMED and Path(name).suffix.lower() in _ENDINGS
    ]


def _read(path: Path) -> ClassNames | None:
    if path.stat().st_size > _LARGEST:
        return None
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    if path.suffix.lower() == ".json":
        return _from_json(json.loads(text))
    if path.suffix.lower() == ".csv":
        return _from_rows([[cell.strip() for cell in row] for row in csv.reader(text.splitlines())])
    lines = [line.strip() for line in text.splitlines()]
    return _from_rows([_cells(line) for line in lines if line and not line.startswith(("#", "//"))])


def _cells(line: str) -> list[str]:
    """A line's numbers, and all between them as one cell: `64 128 64 traffic light` → 64, 128, 64, traffic light."""
    cells: list[str] = []
    for word in re.split(r"[\s,;:]+", line):
        if cells and word and not _is_number(word) and not _is_number(cells[-1]):
            cells[-1] += f" {word}"
        elif word:
            cells.append(word)
    return cells


def _from_rows(rows: Sequence[Sequence[str]]) -> ClassNames | None:
    rows = [[cell for cell in row if cell] for row in rows]
    rows = [row for row in rows if row]
    numbered = sum(any(map(_is_number, row)) for row in rows)
    if numbered and rows and not any(map(_is_number, rows[0])):
        rows = rows[1:]  # the headings
    found = ClassNames()
    for row in rows:
        numbers = [int(cell) for cell in row if _is_number(cell)]
        texts = [cell for cell in row if not _is_number(cell)]
        if not texts:
            return None
        colour = _colour(numbers[-3:]) if len(numbers) >= 3 else None
        value = numbers[0] if len(numbers) in (1, 2, 4) else None
        found.add(texts[0], value, colour)
    if len(set(found.names)) < len(found.names) and not found.by_colour:
        return _from_rows([[" ".join(row)] for row in rows]) if numbered else None
    return found


def _from_json(values: Any) -> ClassNames | None:
    if isinstance(values, dict):
        inner = next((values[key] for key in _LISTS if isinstance(values.get(key), list | dict)), None)
        return _from_json(inner) if inner is not None else _from_mapping(values)
    if not isinstance(values, list):
        return None
    found = ClassNames()
    for entry in values:
        if isinstance(entry, str):
            found.add(entry)
        elif isinstance(entry, dict):
            told = {key.lower(): value for key, value in entry.items()}
            name = next((told[key] for key in _NAME_KEYS if isinstance(told.get(key), str)), None)
            value = next((told[key] for key in _ID_KEYS if isinstance(told.get(key), int)), None)
            colour = next((_colour(told[key]) for key in _COLOUR_KEYS if key in told), None)
            if name is not None:
                found.add(name, value, colour)
    return found


def _from_mapping(values: dict[str, Any]) -> ClassNames | None:
    found = ClassNames()
    for key, value in values.items():
        if isinstance(value, str) and _is_number(key):
            found.add(value, int(key))
        elif isinstance(value, int) and not isinstance(value, bool):
            found.add(key, value)
        elif (colour := _colour(value)) is not None:
            found.add(key, None, colour)
        else:
            return None
    return found


def _colour(value: Any) -> Colour | None:
    if isinstance(value, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        red, green, blue = bytes.fromhex(value[1:])
        return red, green, blue
    if isinstance(value, list) and len(value) >= 3 and all(isinstance(v, int) and 0 <= v <= 255 for v in value[:3]):
        return value[0], value[1], value[2]
    return None


def _is_number(cell: str) -> bool:
    return cell.isdecimal() and cell.isascii()
