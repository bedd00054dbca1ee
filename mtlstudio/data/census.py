"""Looks at every picture of a project without decoding it: sizes, real formats, files cut short."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from mtlstudio.base.errors import StudioError
from mtlstudio.data import findings as f
from mtlstudio.data.formats import is_whole, misnamed
from mtlstudio.data.images import read_picture
from mtlstudio.data.project import Item, ProjectData
from mtlstudio.project.problems import Problem

_SMALL = 32
_PART = 32


@dataclass(frozen=True)
class Census:
    """What looking at the pictures showed.

    Attributes:
        sizes: (width, height) in pixels of every readable picture.
        unreadable: file (or key) and what is wrong with it.
        findings: unreadable pictures, files of another format than their names say.
    """

    sizes: tuple[tuple[int, int], ...]
    unreadable: tuple[tuple[str, str], ...]
    findings: tuple[Problem, ...]


def census(data: ProjectData, progress: Callable[[int, int], None] | None = None) -> Census:
    """Opens every picture's head and looks at its last bytes; one that seems cut short is decoded to be sure.

    Damage in the middle of a file shows only when it is loaded.
    """
    sizes: list[tuple[int, int]] = []
    failures: list[tuple[Item, StudioError]] = []
    items = data.all_items
    parts = [items[start : start + _PART] for start in range(0, len(items), _PART)]
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as readers:
        for number, (part, results) in enumerate(zip(parts, readers.map(partial(_look, data), parts), strict=True)):
            for item, result in zip(part, results, strict=True):
                if isinstance(result, StudioError):
                    failures.append((item, result))
                else:
                    sizes.append(result)
            if progress is not None:
                progress(number * _PART + len(part), len(items))
    problems = [f.unreadable(_name(item), error) for item, error in failures]
    problems += misnamed([item.sample.path for item in data.all_items if item.sample.path is not None])
    unreadable = tuple((error.where or _name(item), f.reason(error)) for item, error in failures)
    return Census(tuple(sizes), unreadable, tuple(problems))


def size_summary(sizes: Sequence[tuple[int, int]]) -> dict[str, object]:
    """Smallest, mean and largest width and height; plain JSON values."""
    result: dict[str, object] = {"count": len(sizes)}
    for axis, lengths in (("width", [w for w, _ in sizes]), ("height", [h for _, h in sizes])):
        if lengths:
            result[axis] = {"min": min(lengths), "mean": sum(lengths) / len(lengths), "max": max(lengths)}
    return result


def _look(data: ProjectData, items: Sequence[Item]) -> list[tuple[int, int] | StudioError]:
    """The size of each picture, or what is wrong with it."""
    found: list[tuple[int, int] | StudioError] = []
    for item in items:
        path = item.sample.path
        try:
            if path is not None and is_whole(path) is False:
                read_picture(path, _SMALL)
            found.append(data.size(item))
        except StudioError as error:
            found.append(error)
    return found


def _name(item: Item) -> str:
    return str(item.sample.path or item.key)
