"""Digit strings as a data set: drawn from the dials when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data.digits import DIALS, INKS, SIDE, VERSION, DigitDials, draw, string_of
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo


class DigitStrings(Layout):
    id = "digit_strings"
    name = mark("Digit strings")
    summary = mark("Drawn strings of digits, labelled with their text, their number and the colour of the ink.")
    parameters = DIALS
    needs_path = False
    # Mirrored digits are others, a crop cuts some off, a colour jitter would change named colours.
    data_settings = FrozenDict(image_size=96, flip_horizontal=0.0, crop_scale=1.0, colour=0.0)

    def recognise(self, folder: Path) -> float:
        return 0.0

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        return _DigitSource(DigitDials.of(parameters))


class _DigitSource(Source):
    """What the pictures show is known at once; each is drawn whenever it is read, in about two milliseconds."""

    def __init__(self, dials: DigitDials) -> None:
        self.dials = dials
        self.targets = _targets(dials)
        self.samples = tuple(_sample(dials, index) for index in range(dials.count))

    def read_image(self, sample: Sample) -> NDArray[np.uint8]:
        index = sample.extra.get("index")
        if not isinstance(index, int):
            raise StudioError(mark("this is no drawn string"), where=sample.key)
        return draw(self.dials, index)

    def size(self, sample: Sample) -> tuple[int, int]:
        return SIDE, SIDE

    def fingerprint(self) -> str:
        return f"digit strings {VERSION} {self.dials}"


def _targets(dials: DigitDials) -> tuple[TargetInfo, ...]:
    symbols = FrozenDict(symbols=tuple("0123456789"), maximum_length=dials.max_digits)
    inks = FrozenDict(class_names=tuple(name for name, _ in INKS))
    return (
        TargetInfo("digits", mark("Digits"), "sequence", symbols),
        TargetInfo("count", mark("Number of digits"), "regression", FrozenDict(value_names=("digits",))),
        TargetInfo("ink", mark("Ink"), "classification", inks),
    )


def _sample(dials: DigitDials, index: int) -> Sample:
    said = string_of(dials, index)
    labels = FrozenDict(digits=said.text, count=(float(len(said.text)),), ink=said.ink)
    return Sample(f"string {index:05d}", None, None, frozenset(labels), labels, FrozenDict(index=index))


LAYOUT = DigitStrings()
