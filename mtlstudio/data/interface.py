"""The interface of layouts (how labelled pictures lie on disk) and what they yield. Numpy and Pillow only."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.rooms import by_id, declared_in
from mtlstudio.project.problems import Problem

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class TargetInfo:
    """A target that a data set offers.

    Attributes:
        id: slug, unique in the data set.
        name: as a person would call it (untranslated, or marked).
        task_type: the type of task that learns it.
        parameters: those of the task (class names, ignore index, value names …).
        proposed: `new` makes a task of it.
    """

    id: str
    name: str
    task_type: str
    parameters: FrozenDict = FrozenDict()
    proposed: bool = True


@dataclass(frozen=True)
class Sample:
    """One picture with its labels, not read yet.

    Attributes:
        key: unique in its data set and stable (file name without its ending, relative path …).
        split: train, val or test where the data set gives it, else None.
        path: the picture's file, None for pictures that are made (sample scenes).
        present: ids of the targets this sample is known to have without reading any picture (masks: the file is there).
        labels: targets that need no file: target id -> value (class index, vector …).
        extra: what the source needs to read the rest.
    """

    key: str
    split: str | None
    path: Path | None
    present: frozenset[str]
    labels: FrozenDict = FrozenDict()
    extra: FrozenDict = FrozenDict()


@dataclass(frozen=True)
class Reading:
    """One sample, read at its own size.

    Attributes:
        image: (H, W, C) uint8 RGB (C = 3), turned upright.
        targets: target id -> raw value, absent when missing: classification int; multilabel (K,) float32 0/1 with
            NaN for unknown; regression (D,) float32 with NaN (positions and sizes in pixels of this picture, as the
            task's `roles` say); segmentation (H, W) uint8 or uint16 class indices with the ignore index;
            depth (H, W) float32 with NaN where unknown.
    """

    image: NDArray[np.uint8]
    targets: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A picture, perhaps read smaller than it is.

    Attributes:
        image: (h, w, 3) uint8 RGB, turned upright.
        width, height: the picture's own size in pixels, upright; `image` may be smaller, of the same shape.
    """

    image: NDArray[np.uint8]
    width: int
    height: int


class Source(ABC):
    """A data set that was opened: its targets and samples are known, nothing heavy is read.

    Attributes:
        targets: what it offers.
        samples: in a stable order.
        findings: what was noticed while opening (unreadable files, ids with gaps, empty classes …).
    """

    targets: tuple[TargetInfo, ...] = ()
    samples: Sequence[Sample] = ()
    findings: tuple[Problem, ...] = ()

    @abstractmethod
    def read_image(self, sample: Sample) -> NDArray[np.uint8]:
        """Only the picture, (H, W, 3) uint8.

        Raises:
            StudioError: it cannot be read: which file, why, what to do.
        """

    def read_picture(self, sample: Sample, least: int) -> Picture:
        """The picture, its sides at least `least` pixels long where its own are: may be read faster than whole."""
        image = self.read_image(sample)
        return Picture(image, image.shape[1], image.shape[0])

    def size(self, sample: Sample) -> tuple[int, int]:
        """Width and height of the upright picture in pixels, as cheaply as can be. Raises StudioError as `read_image`."""
        image = self.read_image(sample)
        return image.shape[1], image.shape[0]

    def read_target(self, sample: Sample, target_id: str, width: int, height: int) -> Any:
        """A raw target as in `Reading.targets`, None when it is missing.

        Args:
            width, height: of the upright picture; a dense target is brought to this size.

        Raises:
            StudioError: it cannot be read or does not fit (mask of another shape, values outside the classes).
        """
        value = sample.labels.get(target_id)
        return np.asarray(value, np.float32) if isinstance(value, tuple) else value

    def read(self, sample: Sample) -> Reading:
        """The picture and its targets.

        Raises:
            StudioError: as `read_image` and `read_target`.
        """
        image = self.read_image(sample)
        values = {
            info.id: self.read_target(sample, info.id, image.shape[1], image.shape[0])
            for info in self.targets
            if info.id in sample.present
        }
        return Reading(image, {target: value for target, value in values.items() if value is not None})

    def target_file(self, sample: Sample, target_id: str) -> Path | None:
        """The file that holds one target of one sample (a mask); None where the labels are elsewhere."""
        return None

    def fingerprint(self) -> str:
        """Changes when files, their sizes, splits or labels change; not when only their dates do."""
        digest = hashlib.blake2b(digest_size=16)
        for sample in self.samples:
            masks = (self.target_file(sample, info.id) for info in self.targets)
            files = [(path.name, _bytes(path)) for path in (sample.path, *masks) if path is not None]
            labels = sorted(sample.labels.items())
            digest.update(repr((sample.key, sample.split, sorted(sample.present), labels, files)).encode())
        return digest.hexdigest()

    def target(self, target_id: str) -> TargetInfo:
        """A target by id. Raises KeyError where there is none."""
        for info in self.targets:
            if info.id == target_id:
                return info
        raise KeyError(target_id)


class Layout(ABC):
    """Declaration of a layout.

    Attributes:
        id, name, summary: as elsewhere; name and summary marked for translation.
        parameters: of the data set (`DatasetSpec.parameters`).
        needs_path: False for pictures that are made.
        data_settings: fields of the project's `DataSettings` that suit such data better than the defaults; taken when a
            project is proposed.
    """

    id: str
    name: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    needs_path: bool = True
    data_settings: FrozenDict = FrozenDict()

    @abstractmethod
    def recognise(self, folder: Path) -> float:
        """How surely the folder has this layout: 0 (no) … 1 (its published marks are all there). Cheap: looks at a few
        names, reads no picture."""

    def settle(self, folder: Path) -> dict[str, Any]:
        """What the layout finds out once, when the folder is added, and keeps as parameters of the data set, so that
        opening it later is quick and always the same (classes found by scanning masks). Default: nothing.

        Raises:
            StudioError: as `open`.
        """
        return {}

    @abstractmethod
    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        """Opens the data set.

        Raises:
            StudioError: the folder is missing, empty, unreadable or of another layout.
        """


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def layouts() -> tuple[Layout, ...]:
    """All layouts there are."""
    found: tuple[Layout, ...] = declared_in("mtlstudio.data.sources", "LAYOUT")
    return found


def layout(layout_id: str) -> Layout:
    """The layout of that id. Raises KeyError where there is none."""
    found: Layout = by_id("mtlstudio.data.sources", "LAYOUT", layout_id)
    return found
