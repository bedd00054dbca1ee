"""The import lines of a script. No torch."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from mtlstudio.network.export.source import Import


def import_lines(imports: Iterable[Import]) -> list[str]:
    """Sorted as a formatter sorts them: the standard library, a blank line, other packages."""
    straight: dict[bool, set[str]] = {True: set(), False: set()}
    picked: dict[bool, dict[str, set[str]]] = {True: {}, False: {}}
    for module, name, alias in imports:
        standard = module.split(".")[0] in sys.stdlib_module_names
        renamed = f" as {alias}" if alias else ""
        if name:
            picked[standard].setdefault(module, set()).add(name + renamed)
        else:
            straight[standard].add(module + renamed)
    sections = [
        [f"import {module}" for module in sorted(straight[standard])]
        + [
            f"from {module} import {', '.join(sorted(picked[standard][module], key=_rank))}"
            for module in sorted(picked[standard], key=str.casefold)
        ]
        for standard in (True, False)
    ]
    return "\n\n".join("\n".join(section) for section in sections if section).split("\n")


def _rank(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)
