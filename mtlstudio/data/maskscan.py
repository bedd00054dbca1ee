"""Finds the classes of masks by looking at their values."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.data.images import load, open_image
from mtlstudio.data.labelfiles import ClassNames, Colour
from mtlstudio.data.masks import IGNORED, MaskClass, read_mask, without_palette

MOST_SCANNED = 4000

_MOST_COLOURS = 64
_PHOTOGRAPH = 2**16
_MOST_GREYS = 40
_STRAY = 0.03  # share of pixels that lossy colours or soft edges may take
_SEEN = 0.0002  # share of the pixels from which on a colour may be a class of masks with smoothed edges
_RARER, _NEAR = 0.2, 12  # a mixture of two colours is so much rarer than they are, and so near the line between them
_VOC = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
_VOC_PALETTE = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]
_CAMVID = (
    "sky",
    "building",
    "pole",
    "road",
    "pavement",
    "tree",
    "sign symbol",
    "fence",
    "car",
    "pedestrian",
    "bicyclist",
)
_NO_CLASS = frozenset({"void", "ignore", "ignored", "unlabelled", "unlabeled", "don't care", "dontcare"})
_BINARY = ("background", "foreground")


@dataclass
class Scan:
    """The values of many masks.

    Attributes:
        masks: how many could be read.
        values: stored value -> pixels, of grey and palette masks.
        sets: the values of each such mask.
        colours: colour -> pixels, of colour masks.
        voc: the palettes are those of PASCAL VOC.
        lossy: they are JPEG files.
    """

    masks: int = 0
    values: Counter[int] = field(default_factory=Counter)
    sets: set[frozenset[int]] = field(default_factory=set)
    colours: Counter[Colour] = field(default_factory=Counter)
    voc: bool = False
    lossy: bool = False


def scan(paths: Sequence[Path], most: int = MOST_SCANNED) -> Scan:
    """Looks at the masks, spread over all where there are more than `most`; unreadable ones are passed over."""
    chosen = paths if len(paths) <= most else [paths[i * len(paths) // most] for i in range(most)]
    result = Scan(lossy=any(path.suffix.lower() in (".jpg", ".jpeg") for path in chosen))
    palettes = 0
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as readers:
        for found in readers.map(_look, chosen):
            if found is None:
                continue
            values, colours, voc = found
            result.masks += 1
            result.values.update(values)
            result.colours.update(colours)
            palettes += voc
            if values:
                result.sets.add(frozenset(values))
    result.voc = palettes > 0 and palettes == result.masks
    return result


def classes_of(scanned: Scan, told: ClassNames | None) -> list[MaskClass] | None:
    """What the values mean; None where these are no masks (too many colours or grey levels)."""
    if not scanned.colours and not scanned.values:
        return None
    found = _colour_classes(scanned, told) if scanned.colours else _value_classes(scanned, told or ClassNames())
    if found is None:
        return None
    return [replace(entry, name=IGNORED) if entry.name.lower() in _NO_CLASS else entry for entry in found]


def camvid() -> ClassNames:
    """The classes of CamVid as published with SegNet, whose value 11 (unlabelled) does not count."""
    names = (*_CAMVID, IGNORED)
    return ClassNames(list(names), dict(enumerate(names)))


def _look(path: Path) -> tuple[dict[int, int], dict[Colour, int], bool] | None:
    """A mask's values or colours, and whether its palette is VOC's; None where it cannot be read."""
    try:
        with open_image(path) as opened:
            load(opened, path)
            image = without_palette(opened)
            if image.mode in ("P", "L", "1"):
                counts = image.histogram()
                voc = image.mode == "P" and (image.getpalette() or [])[:12] == _VOC_PALETTE
                values = {value: count for value, count in enumerate(counts) if count}
                return ({value // 255: n for value, n in values.items()} if image.mode == "1" else values), {}, voc
            if image.mode in ("RGB", "RGBA"):
                colours = _colours(image)
                if all(r == g == b for r, g, b in colours):
                    return {colour[0]: count for colour, count in colours.items()}, {}, False
                return {}, colours, False
        unique, counts_ = np.unique(read_mask(path), return_counts=True)
        return dict(zip(unique.tolist(), counts_.tolist(), strict=True)), {}, False
    except (StudioError, OSError, ValueError):
        return None


def _colours(image: Image.Image) -> dict[Colour, int]:
    """Colour -> pixels; of a photograph, which has too many, as many colours as make clear that it is one."""
    counted = (image if image.mode == "RGB" else image.convert("RGB")).getcolors(_PHOTOGRAPH)
    found: dict[Colour, int] = {}
    for count, colour in counted or [(1, (i, 0, 255 - i)) for i in range(_MOST_COLOURS + 1)]:
        if isinstance(colour, tuple):
            found[colour[0], colour[1], colour[2]] = count
    return found


def _colour_classes(scanned: Scan, told: ClassNames | None) -> list[MaskClass] | None:
    counts = scanned.colours + Counter({(value, value, value): n for value, n in scanned.values.items()})
    if told and told.by_colour and any(colour in told.by_colour for colour in counts):
        return [MaskClass(name, colour=colour) for colour, name in told.by_colour.items()]
    total = sum(counts.values())
    common = counts
    if scanned.lossy or len(counts) > _MOST_COLOURS:
        common = _without_mixtures(Counter({colour: n for colour, n in counts.items() if n > total * _SEEN}))
        if sum(common.values()) < total * (1 - _STRAY) or len(common) > _MOST_COLOURS:
            return None
    ordered = sorted(common, key=lambda colour: (sum(colour), colour))  # black, the usual background, first
    names = _in_order(told, len(common)) or (_BINARY if ordered == [(0, 0, 0), (255, 255, 255)] else None)
    return [
        MaskClass(names[i] if names else "#{:02x}{:02x}{:02x}".format(*colour), colour=colour)
        for i, colour in enumerate(ordered)
    ]


def _without_mixtures(counts: Counter[Colour]) -> Counter[Colour]:
    """The colours without those that lie between two much commoner ones: smoothed edges."""
    kept: Counter[Colour] = Counter()
    for colour, count in counts.most_common(_MOST_COLOURS * 8):
        commoner = np.array([other for other, n in kept.items() if n * _RARER > count], np.float64).reshape(-1, 3)
        if not _is_between(np.array(colour, np.float64), commoner):
            kept[colour] = count
    return kept


def _is_between(colour: NDArray[np.float64], others: NDArray[np.float64]) -> bool:
    """Whether the colour lies near the line between any two of the others, (n, 3), or near one of them."""
    starts, ends = others[:, None], others[None]
    ways = ends - starts
    lengths = np.square(ways).sum(axis=-1)
    along = ((colour - starts) * ways).sum(axis=-1) / np.maximum(lengths, 1)
    nearest = starts + along.clip(0, 1)[..., None] * ways
    return bool((np.square(nearest - colour).sum(axis=-1) <= _NEAR**2).any())


def _value_classes(scanned: Scan, told: ClassNames) -> list[MaskClass] | None:
    values = sorted(scanned.values)
    if told.by_value and set(values) - {255} <= set(told.by_value):
        ignored = [MaskClass(IGNORED, 255, 255)] if 255 in values and 255 not in told.by_value else []
        return [MaskClass(name, value, value) for value, name in sorted(told.by_value.items())] + ignored
    if _is_soft_binary(scanned):
        first, second = _in_order(told, 2) or _BINARY
        return [MaskClass(first, 0, 127), MaskClass(second, 128, 255)]
    scattered = len(values) > _MOST_GREYS and not _is_dense(values)
    if values[-1] >= len(told.names) and (scattered or _is_photograph(scanned)):
        return None
    if not told.names and _are_instances(scanned):
        first, second = _in_order(told, 2) or _BINARY
        return [MaskClass(first, 0, 0), MaskClass(second, 1, 65535)]
    ignored = []
    rest = values[:-1]
    if values[-1] == 255 >= len(told.names) and len(rest) > 1 and (_is_dense(rest) or scanned.voc):
        ignored, values = [MaskClass(IGNORED, 255, 255)], rest
    if len(values) == 1:  # nothing but background, or nothing but foreground
        values = [0, values[0] or 1]
    return _named(values, scanned, told) + ignored


def _named(values: list[int], scanned: Scan, told: ClassNames) -> list[MaskClass]:
    count = len(told.names)
    if count and values[-1] < count:  # the list names the values 0, 1, 2 … in order, seen or not
        return [MaskClass(name, value, value) for value, name in enumerate(told.names)]
    if count and values[0] == 0 and values[-1] == count:  # the list leaves the background out
        return [MaskClass(name, value, value) for value, name in enumerate(["background", *told.names])]
    if scanned.voc and values[-1] < len(_VOC):
        return [MaskClass(name, value, value) for value, name in enumerate(_VOC)]
    names = _in_order(told, len(values)) or (_BINARY if len(values) == 2 and values[0] == 0 else None)
    return [MaskClass(names[i] if names else f"class {value}", value, value) for i, value in enumerate(values)]


def _in_order(told: ClassNames | None, count: int) -> Sequence[str] | None:
    return told.names if told is not None and len(told.names) == count else None


def _is_soft_binary(scanned: Scan) -> bool:
    """Black and white with soft edges: JPEG, or smoothed when resized."""
    total = sum(scanned.values.values())
    between = sum(n for value, n in scanned.values.items() if 16 <= value <= 239)
    low, high = scanned.values.keys() & set(range(16)), scanned.values.keys() & set(range(240, 256))
    soft = len(scanned.values) > (2 if scanned.lossy else _MOST_GREYS) and max(scanned.values) <= 255
    return soft and bool(low and high) and between <= total * _STRAY


def _is_dense(values: Sequence[int]) -> bool:
    """Class numbers rather than grey levels: few gaps, counted from about 0."""
    return values[-1] < max(3 * len(values) + 8, 32)


def _is_photograph(scanned: Scan) -> bool:
    """Most have more grey levels than a mask has classes."""
    sizes = sorted(map(len, scanned.sets))
    return sizes[len(sizes) // 2] > _MOST_COLOURS


def _are_instances(scanned: Scan) -> bool:
    """Each mask numbers its objects 1, 2, 3 …, and how many there are differs."""
    counts = {len(found) - (0 in found) for found in scanned.sets}
    running = all(found - {0} == set(range(1, len(found - {0}) + 1)) for found in scanned.sets)
    return scanned.masks >= 10 and running and len(counts) >= 4 and max(counts) >= 4
