"""Where the files that are no code lie: icons, fonts, catalogues."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(*parts: str) -> Path:
    """Path of a resource, in the source tree (`resources/`) or an installed package (`mtlstudio/_resources`)."""
    installed = _PACKAGE / "_resources"
    root = installed if installed.is_dir() else _PACKAGE.parent / "resources"
    return root.joinpath(*parts)
