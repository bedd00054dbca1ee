"""UTKFace (Zhang et al., CVPR 2017): faces whose names tell age, gender and race: `25_1_2_20170116174525125.jpg`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.filesource import FileSource
from mtlstudio.data.folders import check_folder, images_in, subfolders
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.namewords import split_of

_NAME = re.compile(r"^(\d{1,3})_([01])_([0-4])_(\d{8,})")
_PART = re.compile(r"^(\d{1,3})_([01])?_?(\d{8,})")  # a few published names lack gender or race
_QUICK = 40
_DEEPEST = 3


class UTKFace(Layout):
    id = "utkface"
    name = mark("UTKFace")
    summary = mark("Faces whose file names tell age, gender and race.")

    def recognise(self, folder: Path) -> float:
        names = [path.name for path in islice(_pictures(folder), _QUICK)]
        told = sum(bool(_NAME.match(name)) for name in names)
        return 0.95 if names and told * 10 >= len(names) * 8 else 0.0

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        samples: list[Sample] = []
        incomplete: list[str] = []
        for path in _pictures(folder):
            labels = _labels(path.name)
            if len(labels) < 3:
                incomplete.append(path.name)
            inner = path.relative_to(folder)
            samples.append(
                Sample(inner.as_posix(), split_of(inner.parts[:-1]), path, frozenset(labels), FrozenDict(labels))
            )
        if not any(sample.present for sample in samples):
            raise StudioError(mark("no file name here tells age, gender and race"), where=str(folder))
        return FileSource(_TARGETS, samples, [f.of_names(f.BAD_NAMES, incomplete)] if incomplete else [])


_TARGETS = (
    TargetInfo("age", mark("Age"), "regression", FrozenDict(value_names=("age",), units=("years",))),
    TargetInfo("gender", mark("Gender"), "classification", FrozenDict(class_names=("male", "female"))),
    TargetInfo(
        "race", mark("Race"), "classification", FrozenDict(class_names=("White", "Black", "Asian", "Indian", "Others"))
    ),
)


def _pictures(folder: Path, depth: int = 0) -> Iterator[Path]:
    yield from images_in(folder)
    if depth < _DEEPEST:
        for below in subfolders(folder):
            yield from _pictures(below, depth + 1)


def _labels(name: str) -> dict[str, Any]:
    whole = _NAME.match(name)
    if whole:
        return {"age": (float(whole[1]),), "gender": int(whole[2]), "race": int(whole[3])}
    part = _PART.match(name)
    if part is None:
        return {}
    return {"age": (float(part[1]),), **({"gender": int(part[2])} if part[2] else {})}


LAYOUT = UTKFace()
