"""A source whose pictures are files: what all such layouts share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.images import image_size, read_image, read_picture
from mtlstudio.data.interface import Picture, Sample, Source, TargetInfo
from mtlstudio.project.problems import Problem


class FileSource(Source):
    """Pictures from files, labels from `Sample.labels`; layouts with masks override `read_target`."""

    def __init__(
        self, targets: Sequence[TargetInfo], samples: Sequence[Sample], findings: Sequence[Problem] = ()
    ) -> None:
        self.targets, self.samples, self.findings = tuple(targets), tuple(samples), tuple(findings)

    def read_image(self, sample: Sample) -> NDArray[np.uint8]:
        return read_image(_file(sample))

    def read_picture(self, sample: Sample, least: int) -> Picture:
        return read_picture(_file(sample), least)

    def size(self, sample: Sample) -> tuple[int, int]:
        return image_size(_file(sample))


def _file(sample: Sample) -> Path:
    if sample.path is None:
        raise StudioError(mark("this sample has no picture"), where=sample.key)
    return sample.path
