"""Finds pictures and their masks in a tree of folders, by the names of folders and files alone.

A folder holds masks when the last of its names that says anything says so (`masks`, `train_labels`, `trainannot`,
`SegmentationClass`, `1st_manual`); any other folder holds pictures. A mask belongs to the picture whose name equals its
own but for words like `mask`, `gt`, `training`. Masks may also lie among the pictures (`x.jpg`, `x_mask.png`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from mtlstudio.base.files import slug
from mtlstudio.data import namewords as names
from mtlstudio.data.folders import images_in, subfolders

_DEEPEST = 5
_Kind = tuple[str, tuple[str, ...]]  # role and telling words


@dataclass(frozen=True)
class Pair:
    """One picture, its split where the folders tell it, its masks and maps: kind -> file."""

    key: str
    picture: Path
    split: str | None
    maps: dict[str, Path]


@dataclass
class Pairing:
    """What was found.

    Attributes:
        pairs: in natural order of their paths; pictures without any map are among them.
        kinds: id of a kind of mask or map -> the task type it is for (`segmentation`, `depth`).
        lost: masks that belong to no picture.
        left_out: pictures in folders without masks.
    """

    pairs: list[Pair] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    lost: list[Path] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)


@dataclass(frozen=True)
class _Folder:
    path: Path
    parts: tuple[str, ...]  # of its path below the root
    files: tuple[Path, ...]
    role: str
    split: str | None

    @property
    def kind(self) -> _Kind:
        return self.role, names.kind_of(self.parts)


_Maps = dict[Path, dict[_Kind, Path]]


def find_pairs(root: Path, most_folders: int | None = None, most_files: int | None = None) -> Pairing:
    """Pictures and masks below `root`.

    Args:
        most_folders, most_files: look at no more folders, at no more files of each (a quick look).
    """
    folders = list(islice(_folders(root, root, most_files), most_folders))
    found: _Maps = {}
    pictures = [_without_own_masks(folder, found) for folder in folders if folder.role == names.PICTURES]
    splits: dict[Path, str | None] = {}
    lost: list[Path] = []
    masks = [folder for folder in folders if folder.role in (names.MASKS, names.DEPTHS)]
    for folder in sorted(masks, key=lambda folder: not names.first_choice(folder.parts)):
        splits.update(dict.fromkeys(folder.files, folder.split))
        lost.extend(_join(folder, _homes(folder, pictures), found))
    ids = _ids([kind for maps in found.values() for kind in maps])
    result = Pairing(kinds={ids[kind]: kind[0] for kind in ids}, lost=lost)
    _collect(root, pictures, found, splits, ids, result)
    return result


def _folders(root: Path, folder: Path, most: int | None, depth: int = 0) -> Iterable[_Folder]:
    parts = folder.relative_to(root).parts
    files = tuple(islice(images_in(folder), most))
    if files:
        yield _Folder(folder, parts, files, names.role_of(parts), names.split_of(parts))
    if depth < _DEEPEST:
        for below in subfolders(folder):
            yield from _folders(root, below, most, depth + 1)


def _without_own_masks(folder: _Folder, found: _Maps) -> _Folder:
    """A picture folder without the masks that lie among its pictures; these are put into `found`."""
    by_name = {path.stem: path for path in folder.files}
    taken: set[Path] = set()
    for path in folder.files:
        own = names.own_mask_of(path.stem)
        if own is None or own[0] not in by_name:
            continue
        taken.add(path)
        if own[1]:
            found.setdefault(by_name[own[0]], {}).setdefault((names.MASKS, ()), path)
    return replace(folder, files=tuple(path for path in folder.files if path not in taken)) if taken else folder


def _homes(masks: _Folder, pictures: Sequence[_Folder]) -> list[_Folder]:
    """The picture folders that a mask folder belongs to: the one with most names in common, then the nearest; and,
    where the masks are not split, those of the same collection."""
    scored = []
    for folder in pictures:
        if masks.split and folder.split and masks.split != folder.split:
            continue
        finder = _Finder([folder])
        common = sum(finder.picture(path) is not None for path in masks.files)
        shared = sum(a == b for a, b in zip(masks.parts, folder.parts, strict=False))
        if common:
            scored.append((common / len(masks.files), shared - len(folder.parts), folder))
    if not scored:
        return []
    best = max(scored, key=lambda entry: entry[:2])[2]
    if masks.split:
        return [best]
    plain = names.plain_of(best.parts)
    return [folder for _, _, folder in scored if folder is best or names.plain_of(folder.parts) == plain]


class _Finder:
    """Finds the picture that a mask belongs to."""

    def __init__(self, folders: Sequence[_Folder]) -> None:
        files = [path for folder in folders for path in folder.files]
        self._exact = {path.stem: path for path in reversed(files)}
        self._similar: dict[str, list[Path]] = defaultdict(list)
        for path in files:
            self._similar[names.stem_key(path.stem)].append(path)

    def picture(self, mask: Path) -> Path | None:
        """The one of the same name; else the only one of a similar name; else the one whose name the mask's begins
        with."""
        if mask.stem in self._exact:
            return self._exact[mask.stem]
        similar = self._similar.get(names.stem_key(mask.stem), [])
        if len(similar) == 1:
            return similar[0]
        return next((self._exact[stem] for stem in names.shorter(mask.stem) if stem in self._exact), None)


def _join(masks: _Folder, homes: Sequence[_Folder], found: _Maps) -> list[Path]:
    """Gives each mask to its picture; returns those that belong to none."""
    finder, kind = _Finder(homes), masks.kind
    lost = []
    for path in masks.files:
        picture = finder.picture(path)
        if picture is None:
            lost.append(path)
        else:
            found.setdefault(picture, {}).setdefault(kind, path)
    return lost


def _ids(kinds: Sequence[_Kind]) -> dict[_Kind, str]:
    """A short id for each kind: `mask` or `depth` where there is only one of its role, else the words that differ."""
    ids: dict[_Kind, str] = {}
    for role, default in ((names.MASKS, "mask"), (names.DEPTHS, "depth")):
        own = [kind for kind in dict.fromkeys(kinds) if kind[0] == role]
        common = set.intersection(*(set(kind[1]) for kind in own)) if own else set()
        for kind in own:
            telling = [word for word in kind[1] if word not in common]
            ids[kind] = slug("_".join(telling) or default if len(own) > 1 else default, set(ids.values()))
    return ids


def _collect(
    root: Path, folders: Sequence[_Folder], found: _Maps, splits: dict[Path, str | None], ids: dict[_Kind, str],
    result: Pairing,
) -> None:  # fmt: skip
    """All pictures of folders with masks, and of their like (a test split whose masks are kept back)."""
    homes = {folder.path for folder in folders if any(path in found for path in folder.files)}
    plain = {names.plain_of(folder.parts) for folder in folders if folder.path in homes}
    for folder in folders:
        if folder.path not in homes and not (folder.split and names.plain_of(folder.parts) in plain):
            result.left_out.extend(folder.files)
            continue
        for path in folder.files:
            maps = found.get(path, {})
            split = folder.split or next((splits[mask] for mask in maps.values() if splits.get(mask)), None)
            key = path.relative_to(root).with_suffix("").as_posix()
            result.pairs.append(Pair(key, path, split, {ids[kind]: mask for kind, mask in maps.items()}))
