"""Finds what a folder of one-file-per-thing declares, so that growing it stays one file."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any


@cache
def declared_in(package: str, attribute: str) -> tuple[Any, ...]:
    """All things that the modules of a package declare under `attribute` (one thing, or a tuple of them).

    Modules are read in the order of their names; each thing has an `id` that must be unique.
    """
    root = importlib.import_module(package)
    found: dict[str, Any] = {}
    for info in sorted(pkgutil.iter_modules(root.__path__), key=lambda item: item.name):
        module = importlib.import_module(f"{package}.{info.name}")
        value = getattr(module, attribute, ())
        for thing in value if isinstance(value, tuple) else (value,):
            if thing.id in found:
                raise RuntimeError(f"{package}: {thing.id!r} is declared twice")
            found[thing.id] = thing
    return tuple(found.values())


def by_id(package: str, attribute: str, thing_id: str) -> Any:
    """The declared thing of that id. Raises KeyError where there is none."""
    return _index(package, attribute)[thing_id]


@cache
def _index(package: str, attribute: str) -> dict[str, Any]:
    return {thing.id: thing for thing in declared_in(package, attribute)}
