"""A folder per class, as torchvision's `ImageFolder` and ImageNet have it, under train, val and test or not.

`cat/1.jpg`, `train/cat/1.jpg`, `Training/cat/1.jpg`, `cat/train/1.jpg`. Where every class folder has folders of its own
with pictures (`cat/persian/1.jpg`), the upper names are a target of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.filesource import FileSource
from mtlstudio.data.folders import check_folder, has_images, images_below, images_in, natural, subfolders
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.namewords import PICTURES, role_of, split_of, words
from mtlstudio.project.problems import Problem, Severity

_IMAGE_WORDS = frozenset({"images", "image", "imgs", "img", "jpegimages", "pngimages", "data", "photos", "originals"})
_DEEPEST = 4


@dataclass(frozen=True)
class _ClassFolder:
    path: Path
    split: str | None


class ClassFolders(Layout):
    id = "class_folders"
    name = mark("Class folders")
    summary = mark("A folder of images per class, below train, val and test or not.")

    def recognise(self, folder: Path) -> float:
        found = list(_class_folders(folder))
        names = {entry.path.name for entry in found}
        if len(names) < 2 or all(_is_no_class(name) for name in names):
            return 0.0
        return 0.7 if any(entry.split for entry in found) else 0.6

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        found = list(_class_folders(folder))
        names = sorted({entry.path.name for entry in found}, key=natural)
        if len(names) < 2:
            raise StudioError(
                mark("there are no class folders with pictures here"), where=str(folder),
                fix=mark("At least two are needed, each named as its class."),
            )  # fmt: skip
        lower = _lower_names(found)
        samples = _samples(folder, found, names, lower)
        return FileSource(_targets(names, lower), samples, _findings(folder, found))


def _targets(names: Sequence[str], lower: Sequence[str]) -> list[TargetInfo]:
    if not lower:
        return [TargetInfo("class", mark("Class"), "classification", FrozenDict(class_names=tuple(names)))]
    return [
        TargetInfo("group", mark("Group"), "classification", FrozenDict(class_names=tuple(names))),
        TargetInfo("class", mark("Class"), "classification", FrozenDict(class_names=tuple(lower))),
    ]


def _samples(folder: Path, found: Sequence[_ClassFolder], names: Sequence[str], lower: Sequence[str]) -> list[Sample]:
    upper_index = {name: index for index, name in enumerate(names)}
    lower_index = {name: index for index, name in enumerate(lower)}
    samples: list[Sample] = []
    keys: set[str] = set()
    for entry in found:
        index = upper_index[entry.path.name]
        for path in images_below(entry.path):
            inner = path.relative_to(entry.path).parts
            labels = {"group": index, "class": lower_index[inner[0]]} if lower else {"class": index}
            key = path.relative_to(folder).with_suffix("").as_posix()
            key = key + path.suffix if key in keys else key
            keys.add(key)
            split = entry.split or split_of(inner[:1] if len(inner) > 1 else ())
            samples.append(Sample(key, split, path, frozenset(labels), FrozenDict(labels)))
    return samples


def _class_folders(folder: Path, split: str | None = None, depth: int = 0) -> Iterator[_ClassFolder]:
    """The class folders below: a level of splits is passed through, and so is a folder that is alone on its level."""
    if depth > _DEEPEST:
        return
    below = [inner for inner in subfolders(folder) if has_images(inner)]
    if split is None and _is_split_level(below):
        for inner in below:
            told = split_of([inner.name])
            if told is not None:
                yield from _class_folders(inner, told, depth + 1)
        return
    if len(below) == 1 and not images_in(folder):
        if subfolders(below[0]):
            yield from _class_folders(below[0], split, depth + 1)
        elif split is not None and not _is_no_class(below[0].name):
            yield _ClassFolder(below[0], split)
        return
    for inner in below:
        yield _ClassFolder(inner, split)


def _is_split_level(folders: Sequence[Path]) -> bool:
    """Most of the folders are named after splits, one of them after training."""
    told = [split_of([folder.name]) for folder in folders]
    return "train" in told and 2 * sum(split is not None for split in told) > len(told)


def _is_no_class(name: str) -> bool:
    """Named after what is in it, not after a class: images, masks, depth."""
    return role_of([name]) != PICTURES or bool(set(words(name)) & _IMAGE_WORDS)


def _lower_names(found: Sequence[_ClassFolder]) -> list[str]:
    """Names of the folders inside the class folders, where all pictures lie in such and they divide the classes."""
    names: set[str] = set()
    divided = 0
    for entry in found:
        inner = [folder for folder in subfolders(entry.path) if has_images(folder)]
        if not inner or images_in(entry.path) or any(_is_no_class(folder.name) for folder in inner):
            return []
        if _is_split_level(inner):
            return []
        names.update(folder.name for folder in inner)
        divided += len(inner) > 1
    return sorted(names, key=natural) if divided > 1 and len(names) > len(found) else []


def _findings(folder: Path, found: Sequence[_ClassFolder]) -> list[Problem]:
    used = {entry.path for entry in found}
    parents = {entry.path.parent for entry in found}
    empty = [inner.name for parent in parents for inner in subfolders(parent) if inner not in used]
    problems = [f.warning(f.EMPTY_CLASS, "dataset", name=name) for name in sorted(empty, key=natural)]
    loose = [path.relative_to(folder).as_posix() for parent in {folder, *parents} for path in images_in(parent)]
    if loose:
        problems.append(f.of_names(f.UNLABELLED, sorted(loose, key=natural), Severity.NOTE))
    return problems


LAYOUT = ClassFolders()
