"""Reads lists that say which picture is for training, validation or test: `train.txt`, `ImageSets/…/val.txt` …"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mtlstudio.data.folders import entries, subfolders
from mtlstudio.data.namewords import split_of

_ENDINGS = (".txt", ".lst", ".csv")
_FOLDERS = ("imagesets", "splits", "split", "lists", "sets")
_LARGEST = 50_000_000
_LIST = re.compile(
    r"(?:(?:list|split|ids|images?|files?)[_\-. ])?(?:train|val|valid|validation|test|trainval|training|testing)"
    r"(?:[_\-. ]?(?:set|list|ids|names|images|files|split))?"
)


def split_lists(root: Path, pictures: Iterable[Path]) -> dict[str, str]:
    """Name of a picture (its file's, without ending) -> split, from all such lists; {} where there are none.

    A list of both training and validation counts as training where no list is more exact. Of PASCAL VOC's lists those
    for segmentation count.

    Args:
        pictures: folders of pictures below `root`; lists are looked for in all folders from there up to `root`.
    """
    found: dict[str, str] = {}
    paths = [path for folder in _places(root, pictures) for path in _lists(folder)]
    paths.sort(key=lambda path: "trainval" not in path.stem.lower())  # the exact ones come later and win
    for path in paths:
        split = split_of([path.stem])
        if split is not None:
            found.update(dict.fromkeys(_names(path), split))
    return found


def _places(root: Path, pictures: Iterable[Path]) -> list[Path]:
    above = (above for folder in pictures for above in (folder, *folder.parents) if root in (above, *above.parents))
    result: list[Path] = []
    for folder in dict.fromkeys(above):
        result.append(folder)
        for below in subfolders(folder):
            if below.name.lower() in _FOLDERS:
                inner = [place for place in subfolders(below) if place.name.lower() == "segmentation"]
                result += inner or [below, *subfolders(below)]
    return result


def _lists(folder: Path) -> list[Path]:
    return [
        folder / name
        for name in entries(folder)[1]
        if Path(name).suffix.lower() in _ENDINGS and _LIST.fullmatch(Path(name).stem.lower())
    ]


def _names(path: Path) -> list[str]:
    """The first word of each line, without folders and ending."""
    if path.stat().st_size > _LARGEST:
        return []
    names = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        word = re.split(r"[\s,;]+", line.strip(), maxsplit=1)[0]
        if word and not word.startswith("#"):
            file = word.replace("\\", "/").rpartition("/")[2]
            names.append(re.sub(r"\.(?:jpe?g|png|tiff?|bmp|gif|ppm|webp)$", "", file, flags=re.IGNORECASE))
    return names
