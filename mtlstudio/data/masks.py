"""Reads masks: the class of every pixel, from palette, grey, 16-bit and colour pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.images import load, open_image

IGNORE = 255
IGNORE_WIDE = 65535
IGNORED = "-"  # stands for the name of a class whose pixels do not count

_SHAPE_TOLERANCE = 0.02
_VALUES = 2**16
_EDGE_COLOURS, _EDGE_SHARE = 8, 0.03  # many colours on few pixels: edges that were smoothed
_LOSSY = frozenset({".jpg", ".jpeg"})
_ENTRY = re.compile(r"^\s*([^:]+?)\s*:\s*(?:#([0-9a-fA-F]{6})|(\d+)(?:\s*-\s*(\d+))?)\s*=\s*(.+?)\s*$")


@dataclass(frozen=True)
class MaskClass:
    """Which stored values are a class: `low` … `high`, or one colour (red, green, blue)."""

    name: str
    low: int = 0
    high: int = 0
    colour: tuple[int, int, int] | None = None

    def text(self, target: str) -> str:
        """As a parameter of a data set: `mask: 0-127 = background`, `mask: #804000 = tree`."""
        return f"{target}: {self.value_text()} = {self.name}"

    def value_text(self) -> str:
        """The stored values: `1`, `0-127`, `#804000`."""
        if self.colour is not None:
            return "#{:02x}{:02x}{:02x}".format(*self.colour)
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"


@dataclass(frozen=True)
class ClassTable:
    """What a mask's stored values mean. Classes of one name are one class; those named `-` are ignored."""

    classes: tuple[MaskClass, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The classes in the order of their indices."""
        return tuple(dict.fromkeys(entry.name for entry in self.classes if entry.name != IGNORED))

    @property
    def ignore(self) -> int:
        """The index of pixels that do not count."""
        return IGNORE if len(self.names) <= IGNORE else IGNORE_WIDE

    @property
    def in_colour(self) -> bool:
        """Whether the classes are colours."""
        return any(entry.colour is not None for entry in self.classes)

    def read(self, path: Path) -> NDArray[np.uint8] | NDArray[np.uint16]:
        """A mask file as class indices (H, W), uint8, or uint16 from 256 classes on.

        Raises:
            StudioError: the file cannot be read, or has values that are in no class.
        """
        values = read_mask(path)
        if self.in_colour:
            found = self._from_colours(values, path)
        elif values.ndim == 2:
            found = self._from_values(values, path)
        else:
            raise StudioError(mark("the mask is in colours, class numbers were expected"), where=str(path))
        return found.astype(np.uint8) if self.ignore == IGNORE else found.astype(np.uint16)

    def _index(self, name: str) -> int:
        return self.ignore if name == IGNORED else self.names.index(name)

    @cached_property
    def _lookup(self) -> NDArray[np.int32]:
        table = np.full(_VALUES, -1, np.int32)
        for entry in self.classes:
            table[entry.low : entry.high + 1] = self._index(entry.name)
        return table

    @cached_property
    def _colours(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Colours as sorted numbers, and the index of each."""
        pairs = sorted((_number(entry.colour), self._index(entry.name)) for entry in self.classes if entry.colour)
        return np.array([n for n, _ in pairs], np.int64), np.array([i for _, i in pairs], np.int32)

    def _from_values(self, values: NDArray[np.integer], path: Path) -> NDArray[np.int32]:
        if int(values.min(initial=0)) < 0 or int(values.max(initial=0)) >= _VALUES:
            raise StudioError(mark("the mask has values outside 0 … 65535"), where=str(path))
        found = self._lookup[values]
        if found.min(initial=0) < 0:
            raise _outside([str(value) for value in np.unique(values[found < 0])], path)
        return found

    def _from_colours(self, values: NDArray[np.integer], path: Path) -> NDArray[np.int32]:
        wide = values.astype(np.int64)
        numbers = wide * 0x010101 if values.ndim == 2 else wide @ np.array([0x10000, 0x100, 1])
        known, index = self._colours
        unique, places = np.unique(numbers, return_inverse=True)
        nearest = np.searchsorted(known, unique).clip(max=len(known) - 1)
        strange = known[nearest] != unique
        if strange.any():
            pixels = strange[places].mean()
            soft = strange.sum() >= _EDGE_COLOURS and pixels <= _EDGE_SHARE
            if path.suffix.lower() not in _LOSSY and not soft:
                raise _outside([f"#{number:06x}" for number in unique[strange]], path)
            nearest[strange] = _nearest(unique[strange], known)
        return index[nearest][places.reshape(numbers.shape)]


def table_of(target: str, entries: Iterable[str]) -> ClassTable:
    """The class table of one target from a data set's parameter (see `MaskClass.text`).

    Raises:
        StudioError: an entry is not understood.
    """
    classes = []
    for entry in entries:
        match = _ENTRY.match(entry)
        if match is None:
            raise StudioError(
                mark("{entry!r} is no class of a mask"), where="classes", entry=entry,
                fix=mark("Write for example: mask: 1 = pet · mask: 0-127 = background · mask: #ff0000 = car · mask: 255 = -"),
            )  # fmt: skip
        owner, colour, low, high, name = match.groups()
        if owner != target:
            continue
        if colour:
            red, green, blue = bytes.fromhex(colour)
            classes.append(MaskClass(name, colour=(red, green, blue)))
        else:
            classes.append(MaskClass(name, int(low), int(high or low)))
    return ClassTable(tuple(classes))


def read_mask(path: Path) -> NDArray[np.integer]:
    """A mask's stored values: (H, W) palette indices, grey or 16-bit values, or (H, W, 3) uint8 colours.

    A colour picture whose three channels are equal counts as grey; transparency is dropped.

    Raises:
        StudioError: the file is missing, no picture or damaged.
    """
    with open_image(path) as opened:
        load(opened, path)
        image = without_palette(opened)
        if image.mode in ("P", "L", "1", "I", "I;16", "I;16B", "I;16L"):
            values = np.asarray(image)
            return values.astype(np.uint8) if image.mode == "1" else values
        if image.mode in ("LA", "PA"):
            return np.asarray(image.getchannel(0))
        if image.mode == "F":
            return _whole(np.asarray(image), path)
        colours = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    grey = np.array_equal(colours[..., 0], colours[..., 1]) and np.array_equal(colours[..., 1], colours[..., 2])
    return np.ascontiguousarray(colours[..., 0]) if grey else colours


def without_palette(image: Image.Image) -> Image.Image:
    """A GIF in its colours: it numbers them as it likes, while the numbers of a PNG's palette are its classes."""
    return image.convert("RGB") if image.mode == "P" and image.format == "GIF" else image


def fitted(mask: NDArray[Any], width: int, height: int, path: Path) -> NDArray[Any]:
    """A mask or other map at the picture's size, by nearest neighbour where it was drawn at another scale.

    Raises:
        StudioError: its shape is another than the picture's.
    """
    if mask.shape == (height, width):
        return mask
    if abs(mask.shape[1] * height / (mask.shape[0] * width) - 1) > _SHAPE_TOLERANCE:
        raise StudioError(
            mark("it is {found} pixels, the picture {expected}"), where=str(path),
            fix=mark("It must cover the whole picture."),
            found=f"{mask.shape[1]} × {mask.shape[0]}", expected=f"{width} × {height}",
        )  # fmt: skip
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(np.int64)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(np.int64)
    resized: NDArray[Any] = mask[rows][:, columns]
    return resized


def _whole(values: NDArray[np.floating], path: Path) -> NDArray[np.integer]:
    if not np.isfinite(values).all() or (values != values.round()).any() or values.min(initial=0) < 0:
        raise StudioError(mark("the mask has values that are no class numbers"), where=str(path))
    return values.astype(np.uint16)


def _number(colour: Sequence[int]) -> int:
    return colour[0] << 16 | colour[1] << 8 | colour[2]


def _nearest(numbers: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each colour the place of the most similar known one."""
    parts, known_parts = (
        np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1) for colours in (numbers, known)
    )
    best = [np.square(known_parts - colour).sum(axis=1).argmin() for colour in parts]
    return np.asarray(best, np.int64)


def _outside(wrong: list[str], path: Path) -> StudioError:
    return StudioError(
        mark("the mask has values outside its classes: {wrong}"), where=str(path),
        wrong=", ".join(wrong[:8]) + (", …" if len(wrong) > 8 else ""),
    )  # fmt: skip
