"""Looks into folders: pictures in natural order, subfolders, clear complaints."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark

IMAGE_ENDINGS = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm", ".pbm", ".pnm",
    ".jp2", ".avif", ".tga",
))  # fmt: skip
_NO_DATA = frozenset({"__MACOSX", "Thumbs.db", "__pycache__"})


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which `img2` comes before `img10`."""
    parts = re.split(r"([0-9]+)", text.casefold())
    return tuple((0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts if part)


def entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the subfolders and of the files of a folder, in natural order; hidden ones are left out.

    Raises:
        StudioError: the folder is missing or may not be read.
    """
    folders: list[str] = []
    files: list[str] = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if not entry.name.startswith(".") and entry.name not in _NO_DATA:
                    (folders if entry.is_dir() else files).append(entry.name)
    except OSError as error:
        raise _closed(folder, error) from error
    return sorted(folders, key=natural), sorted(files, key=natural)


def subfolders(folder: Path) -> list[Path]:
    """The subfolders in natural order; none where the folder cannot be read."""
    try:
        return [folder / name for name in entries(folder)[0]]
    except StudioError:
        return []


def images_in(folder: Path) -> list[Path]:
    """The pictures that lie in the folder itself, by their endings, in natural order; none where it cannot be read."""
    try:
        return [folder / name for name in entries(folder)[1] if is_image(name)]
    except StudioError:
        return []


def images_below(folder: Path) -> list[Path]:
    """The pictures in the folder and all below it, in natural order of their paths."""
    found = images_in(folder)
    for below in subfolders(folder):
        found.extend(images_below(below))
    return found


def has_images(folder: Path, depth: int = 3) -> bool:
    """Whether a picture lies in the folder or at most `depth` below it."""
    if any(is_image(name) for name in _names(folder)):
        return True
    return depth > 0 and any(has_images(below, depth - 1) for below in subfolders(folder))


def is_image(name: str) -> bool:
    """Whether a file's ending is that of a picture."""
    return os.path.splitext(name)[1].lower() in IMAGE_ENDINGS


def by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    """Files by their names without endings; of equals the first."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(path.stem, path)
    return found


def check_folder(folder: Path) -> None:
    """Does nothing where the folder is there, readable and not empty.

    Raises:
        StudioError: it is not.
    """
    if folder.is_file():
        raise StudioError(
            mark("this is a file, not a folder"), where=str(folder), fix=mark("Name the folder it is in.")
        )
    folders, files = entries(folder)
    if not folders and not files:
        raise StudioError(mark("the folder is empty"), where=str(folder))


def _names(folder: Path) -> list[str]:
    try:
        return entries(folder)[1]
    except StudioError:
        return []


def _closed(folder: Path, error: OSError) -> StudioError:
    if isinstance(error, FileNotFoundError):
        return StudioError(mark("there is no such folder"), where=str(folder))
    if isinstance(error, PermissionError):
        return StudioError(mark("no permission to read this folder"), where=str(folder))
    if isinstance(error, NotADirectoryError):
        return StudioError(mark("this is a file, not a folder"), where=str(folder))
    return StudioError(mark("the folder cannot be read: {reason}"), where=str(folder), reason=error.strerror or error)
