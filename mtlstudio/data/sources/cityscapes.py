"""Cityscapes (Cordts et al., CVPR 2016): street scenes with fine labels and, where they are there, disparities.

As published: `leftImg8bit/train/CITY/*_leftImg8bit.png`, `gtFine/train/CITY/*_gtFine_labelIds.png` (or
`…_labelTrainIds.png`), `disparity/train/CITY/*_disparity.png`. The 19 classes of the benchmark count, the rest is
ignored. The test split's labels are kept back by the publishers, so it has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data.depthmaps import stored
from mtlstudio.data.filesource import FileSource
from mtlstudio.data.folders import check_folder, images_below, subfolders
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.masks import IGNORE, IGNORED, ClassTable, MaskClass, fitted
from mtlstudio.data.namewords import split_of

_CLASSES = (
    ("road", 7), ("sidewalk", 8), ("building", 11), ("wall", 12), ("fence", 13), ("pole", 17), ("traffic light", 19),
    ("traffic sign", 20), ("vegetation", 21), ("terrain", 22), ("sky", 23), ("person", 24), ("rider", 25), ("car", 26),
    ("truck", 27), ("bus", 28), ("train", 31), ("motorcycle", 32), ("bicycle", 33),
)  # fmt: skip
_BY_ID = ClassTable(
    (MaskClass(IGNORED, 0, 255), *(MaskClass(name, label, label) for name, label in _CLASSES))
)  # later entries win
_BY_TRAIN_ID = ClassTable(
    (MaskClass(IGNORED, 19, 255), *(MaskClass(name, index, index) for index, (name, _) in enumerate(_CLASSES)))
)
_PICTURE = "_leftImg8bit"
_LABELS = (("_gtFine_labelTrainIds.png", _BY_TRAIN_ID), ("_gtFine_labelIds.png", _BY_ID))
_DISPARITY_STEPS = 256.0


class Cityscapes(Layout):
    id = "cityscapes"
    name = mark("Cityscapes")
    summary = mark("Street scenes as published: leftImg8bit/ and gtFine/, disparity/ where it is there.")

    def recognise(self, folder: Path) -> float:
        base = _base(folder)
        return 0.0 if base is None else 1.0

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        base = _base(folder)
        if base is None:
            raise StudioError(
                mark("this is no Cityscapes folder"), where=str(folder),
                fix=mark("It needs the folders leftImg8bit and gtFine side by side."),
            )  # fmt: skip
        return _CityscapesSource(_TARGETS, [_sample(base, path) for path in images_below(base / "leftImg8bit")])


_TARGETS = (
    TargetInfo(
        "mask", mark("Street mask"), "segmentation",
        FrozenDict(class_names=tuple(name for name, _ in _CLASSES), ignore_index=IGNORE),
    ),
    TargetInfo("disparity", mark("Disparity"), "depth", FrozenDict(unit="px")),
)  # fmt: skip


class _CityscapesSource(FileSource):
    def read_target(self, sample: Sample, target_id: str, width: int, height: int) -> Any:
        path = self.target_file(sample, target_id)
        if path is None:
            return None
        if target_id == "disparity":
            steps = stored(path).astype(np.float32)
            values = np.where(steps > 0, (steps - 1) / _DISPARITY_STEPS, np.nan).astype(np.float32)
            return fitted(values, width, height, path)
        table = next(table for ending, table in _LABELS if path.name.endswith(ending))
        return fitted(table.read(path), width, height, path)

    def target_file(self, sample: Sample, target_id: str) -> Path | None:
        file = sample.extra.get(target_id)
        return None if file is None else Path(file)


def _base(folder: Path) -> Path | None:
    """The folder that holds leftImg8bit and gtFine: this one or one directly below."""
    for base in (folder, *subfolders(folder)[:50]):
        if (base / "leftImg8bit").is_dir() and (base / "gtFine").is_dir():
            return base
    return None


def _sample(base: Path, picture: Path) -> Sample:
    inner = picture.relative_to(base / "leftImg8bit")
    split = split_of(inner.parts[:-1])
    stem = inner.with_name(inner.stem.removesuffix(_PICTURE))
    maps: dict[str, str] = {}
    labels = [base / "gtFine" / f"{stem.as_posix()}{ending}" for ending, _ in _LABELS]
    found = next((path for path in labels if path.is_file()), None)
    if found is not None and split != "test":
        maps["mask"] = str(found)
    disparity = base / "disparity" / f"{stem.as_posix()}_disparity.png"
    if disparity.is_file():
        maps["disparity"] = str(disparity)
    return Sample(stem.as_posix(), split, picture, frozenset(maps), extra=FrozenDict(maps))


LAYOUT = Cityscapes()
