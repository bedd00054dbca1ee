"""Arrays in folders, as NYUv2 and Cityscapes are published for multi-task learning (Liu et al., CVPR 2019; LibMTL).

`train/image/0.npy`, `train/label/0.npy`, `train/depth/0.npy`, `train/normal/0.npy`, and `val` alike. Images are
(H, W, 3), labels (H, W) with −1 ignored, depth (H, W, 1) with 0 unknown. Nothing in an array file is executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.depthmaps import read_array, read_depth
from mtlstudio.data.folders import check_folder, entries, subfolders
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.masks import IGNORE, fitted
from mtlstudio.data.namewords import DEPTHS, MASKS, PICTURES, role_of, split_of, words
from mtlstudio.project.problems import Problem

_NYU_13 = (
    "bed", "books", "ceiling", "chair", "floor", "furniture", "objects", "picture", "sofa", "table", "tv", "wall",
    "window",
)  # fmt: skip
_CITY_7 = ("flat", "construction", "object", "nature", "sky", "human", "vehicle")
_CITY_19 = (
    "road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation", "terrain",
    "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle",
)  # fmt: skip
_PUBLISHED = {7: _CITY_7, 13: _NYU_13, 19: _CITY_19}
_SCANNED = 100


class NpyFolders(Layout):
    id = "npy_folders"
    name = mark("Arrays in folders")
    summary = mark(
        "NYUv2 and Cityscapes as published for multi-task learning: train and val with image, label and depth as .npy."
    )
    parameters = (
        Parameter(
            "classes", "names", (), mark("Classes"), mark("Names of a label folder's classes: label: sky, road, car."),
        ),
    )  # fmt: skip

    def recognise(self, folder: Path) -> float:
        found = _collections(folder)
        return 0.95 if any("image" in kinds and len(kinds) > 1 for _, kinds in found) else 0.0

    def settle(self, folder: Path) -> dict[str, Any]:
        """The classes of all label folders."""
        return {"classes": _classes(_collections(folder))}

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        found = [(place, kinds) for place, kinds in _collections(folder) if "image" in kinds]
        if not found:
            raise StudioError(
                mark("there is no folder of images as .npy"), where=str(folder),
                fix=mark("It needs train/image/0.npy and beside it train/label/0.npy and the like."),
            )  # fmt: skip
        classes = dict(_parsed(entry) for entry in parameters.get("classes") or _classes(found))
        return _NpySource(folder, found, classes)


class _NpySource(Source):
    def __init__(
        self, folder: Path, found: Sequence[tuple[Path, dict[str, Path]]], classes: Mapping[str, tuple[str, ...]]
    ) -> None:
        kinds = sorted({kind for _, names in found for kind in names} - {"image"})
        self.targets = tuple(info for kind in kinds if (info := _target(kind, classes.get(kind, ()))) is not None)
        self._known = {info.id: kind for kind in kinds for info in self.targets if info.id == slug(kind)}
        self._types = {info.id: info.task_type for info in self.targets}
        self._counts = {info.id: len(info.parameters.get("class_names", ())) for info in self.targets}
        self.samples = tuple(sample for place, names in found for sample in self._samples(folder, place, names))
        other = [kind for kind in kinds if kind not in self._known.values()]
        self.findings: tuple[Problem, ...] = (
            (f.note(f.NO_TASK_TYPE, "dataset", names=", ".join(other)),) if other else ()
        )

    def _samples(self, folder: Path, place: Path, names: Mapping[str, Path]) -> list[Sample]:
        split = split_of(place.relative_to(folder).parts)
        there = {kind: set(entries(names[kind])[1]) for kind in self._known.values() if kind in names}
        samples = []
        for name in entries(names["image"])[1]:
            if name.endswith(".npy"):
                maps = {
                    target: str(names[kind] / name)
                    for target, kind in self._known.items()
                    if name in there.get(kind, ())
                }
                key = (place.relative_to(folder) / name).with_suffix("").as_posix()
                samples.append(Sample(key, split, names["image"] / name, frozenset(maps), extra=FrozenDict(maps)))
        return samples

    def read_image(self, sample: Sample) -> NDArray[np.uint8]:
        path = _path(sample)
        values = read_array(path)
        if values.ndim == 3 and values.shape[0] == 3 and values.shape[2] != 3:
            values = values.transpose(1, 2, 0)
        if values.ndim != 3 or values.shape[2] != 3 or values.dtype.kind not in "uif":
            raise StudioError(
                mark("this is no picture: {shape}"), where=str(path), shape=f"{values.shape} {values.dtype}"
            )
        if values.dtype == np.uint8:
            return np.ascontiguousarray(values)
        numbers = np.nan_to_num(values.astype(np.float32))
        scale = 255.0 if numbers.max(initial=0) <= 1.5 else 1.0
        return (numbers * scale).round().clip(0, 255).astype(np.uint8)

    def size(self, sample: Sample) -> tuple[int, int]:
        try:
            shape = np.load(_path(sample), mmap_mode="r", allow_pickle=False).shape
        except (OSError, ValueError, EOFError):
            shape = self.read_image(sample).shape
        return (shape[2], shape[1]) if shape[0] == 3 and shape[-1] != 3 else (shape[1], shape[0])

    def read_target(self, sample: Sample, target_id: str, width: int, height: int) -> Any:
        path = self.target_file(sample, target_id)
        if path is None:
            return None
        if self._types[target_id] == "depth":
            return fitted(read_depth(path, 1.0), width, height, path)
        return fitted(_labels(path, self._counts[target_id]), width, height, path)

    def target_file(self, sample: Sample, target_id: str) -> Path | None:
        file = sample.extra.get(target_id)
        return None if file is None else Path(file)


def _collections(folder: Path) -> list[tuple[Path, dict[str, Path]]]:
    """Folders (at most two below) with their subfolders of arrays, by kind; the pictures' kind is `image`."""
    found = []
    places = [folder, *subfolders(folder)[:50]]
    places += [inner for place in places[1:] for inner in subfolders(place)[:50]]
    for place in places:
        kinds: dict[str, Path] = {}
        for inner in subfolders(place):
            if any(name.endswith(".npy") for name in entries(inner)[1][:5]):
                pictures = role_of([inner.name]) == PICTURES and set(words(inner.name)) & {
                    "image",
                    "images",
                    "img",
                    "rgb",
                }
                kinds["image" if pictures else inner.name] = inner
        if kinds:
            found.append((place, kinds))
    return found


def _target(kind: str, classes: tuple[str, ...]) -> TargetInfo | None:
    role = role_of([kind])
    name = kind.replace("_", " ").capitalize()
    if role == DEPTHS:
        return TargetInfo(slug(kind), mark("Depth") if kind == "depth" else name, "depth", FrozenDict(unit="m"))
    if role == MASKS and len(classes) > 1:
        return TargetInfo(slug(kind), name, "segmentation", FrozenDict(class_names=classes, ignore_index=IGNORE))
    return None


def _classes(found: Sequence[tuple[Path, dict[str, Path]]]) -> tuple[str, ...]:
    """`label: bed, books, …` for each label folder: the published names where their number fits."""
    kinds = sorted({kind for _, names in found for kind in names if role_of([kind]) == MASKS})
    return tuple(f"{kind}: {', '.join(_names(found, kind))}" for kind in kinds)


def _names(found: Sequence[tuple[Path, dict[str, Path]]], kind: str) -> Sequence[str]:
    files = [names[kind] / file for _, names in found if kind in names for file in entries(names[kind])[1]]
    top = 0
    for path in files[:: max(1, len(files) // _SCANNED)]:
        try:
            top = max(top, int(np.nan_to_num(read_array(path)).max(initial=0)))
        except (StudioError, ValueError, TypeError):
            continue
    told = next((int(part) for part in kind.split("_") if part.isdecimal()), top + 1)
    count = max(told, top + 1)
    return _PUBLISHED.get(count) or [f"class {i}" for i in range(count)]


def _parsed(entry: str) -> tuple[str, tuple[str, ...]]:
    kind, _, names = entry.partition(":")
    return kind.strip(), tuple(name.strip() for name in names.split(",") if name.strip())


def _labels(path: Path, count: int) -> NDArray[np.uint8]:
    """Class indices (H, W); everything below 0 is ignored."""
    values = read_array(path)
    values = values.squeeze() if values.ndim == 3 and 1 in (values.shape[0], values.shape[2]) else values
    if values.ndim != 2 or values.dtype.kind not in "uif":
        raise StudioError(mark("this is no map of class numbers: {shape}"), where=str(path), shape=str(values.shape))
    numbers = np.nan_to_num(values.astype(np.float64), nan=-1, posinf=-1, neginf=-1).round().astype(np.int64)
    wrong = numbers[(numbers >= count) & (numbers != IGNORE)]
    if wrong.size:
        raise StudioError(
            mark("the map has class {wrong}; the classes are 0 … {last}"),
            where=str(path),
            wrong=int(wrong[0]),
            last=count - 1,
        )
    return np.where(numbers < 0, IGNORE, numbers).astype(np.uint8)


def _path(sample: Sample) -> Path:
    if sample.path is None:
        raise StudioError(mark("this sample has no picture"), where=sample.key)
    return sample.path


LAYOUT = NpyFolders()
