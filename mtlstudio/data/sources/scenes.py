"""The sample scenes as a data set: drawn from the dials, kept in the cache, read like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.scenes import DIALS, TARGETS, VERSION, SceneArrays, SceneDials, SceneTarget, load, split_of
from mtlstudio.data.scenes.dials import present


class Scenes(Layout):
    id = "scenes"
    name = mark("Sample scenes")
    summary = mark("Drawn shapes on cluttered grounds, labelled with classes, counts, masks and depth.")
    parameters = DIALS
    needs_path = False
    # A crop would take shapes away that the labels still speak of, a colour jitter would change named colours.
    data_settings = FrozenDict(crop_scale=1.0, colour=0.0)

    def recognise(self, folder: Path) -> float:
        return 0.0

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        return _SceneSource(SceneDials.of(parameters))


class _SceneSource(Source):
    """The scenes are drawn (or fetched from the cache) when the first of them is read."""

    def __init__(self, dials: SceneDials) -> None:
        self.dials = dials
        self.targets = tuple(_info(target) for target in TARGETS)
        self.samples = tuple(_sample(dials, index) for index in range(dials.count))
        self._arrays: SceneArrays | None = None
        self._drawing = Lock()

    @property
    def arrays(self) -> SceneArrays:
        """All scenes."""
        with self._drawing:
            if self._arrays is None:
                self._arrays = load(self.dials)
            return self._arrays

    def read_image(self, sample: Sample) -> NDArray[np.uint8]:
        image: NDArray[np.uint8] = self.arrays.images[_index(sample)]
        return image

    def size(self, sample: Sample) -> tuple[int, int]:
        return self.dials.size, self.dials.size

    def read_target(self, sample: Sample, target_id: str, width: int, height: int) -> Any:
        return self.arrays.truth(_index(sample), target_id) if target_id in sample.present else None

    def fingerprint(self) -> str:
        return f"scenes {VERSION} {self.dials}"


def _info(target: SceneTarget) -> TargetInfo:
    parameters: dict[str, Any] = {}
    if target.class_names:
        parameters["class_names"] = target.class_names
    if target.task_type == "regression":
        parameters["value_names"] = (target.name.lower(),)
    if target.unit:
        parameters["unit"] = target.unit
    return TargetInfo(target.id, target.name, target.task_type, FrozenDict(parameters), target.proposed)


def _sample(dials: SceneDials, index: int) -> Sample:
    has = frozenset(t.id for t in TARGETS if dials.missing_share(t.id) == 0 or present(dials, index, t.id))
    return Sample(f"scene {index:05d}", split_of(dials, index), None, has, extra=FrozenDict(index=index))


def _index(sample: Sample) -> int:
    index = sample.extra.get("index")
    if not isinstance(index, int):
        raise StudioError(mark("this is no sample scene"), where=sample.key)
    return index


LAYOUT = Scenes()
