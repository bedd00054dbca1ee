"""What kind of picture a file really is, by its first bytes; whether its end is there, by its last."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mtlstudio.data.findings import OTHER_FORMAT, of_names
from mtlstudio.project.problems import Problem

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF8", "GIF"), (b"BM", "BMP"),
    (b"II*\x00", "TIFF"), (b"MM\x00*", "TIFF"), (b"RIFF", "WebP"),
)  # fmt: skip
_ENDINGS = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".png": "PNG", ".gif": "GIF", ".bmp": "BMP",
    ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WebP",
}  # fmt: skip
_TAILS = {"JPEG": b"\xff\xd9", "PNG": b"IEND\xaeB`\x82", "GIF": b"\x3b"}


def real_format(path: Path) -> str | None:
    """The format that the first bytes tell (`GIF`), None where they tell none or the file cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return None
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def is_whole(path: Path) -> bool | None:
    """Whether the file ends as its format should; None where the format is of another kind or unreadable.

    False is only a suspicion (some programs append bytes): decode the file to be sure.
    """
    tail = _TAILS.get(real_format(path) or "")
    if tail is None:
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 32))
        return file.read().rstrip(b"\x00").endswith(tail)


def misnamed(paths: Iterable[Path]) -> list[Problem]:
    """A finding per real format about the files whose ending says another."""
    wrong: dict[str, list[str]] = {}
    for path in paths:
        found, said = real_format(path), _ENDINGS.get(path.suffix.lower())
        if found and said and found != said:
            wrong.setdefault(found, []).append(path.name)
    return [of_names(OTHER_FORMAT, names, format=kind) for kind, names in sorted(wrong.items())]
