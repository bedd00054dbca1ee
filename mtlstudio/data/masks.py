"""Reads masks: the class of every pixel, from palette, grey, 16-bit and colour pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.images import load, open_image

IGNORE = 255
_SHAPE_TOLERANCE = 0.02


def read_mask(path: Path) -> NDArray[np.integer]:
    """A mask's stored values: (H, W) palette indices, grey or 16-bit values, or (H, W, 3) uint8 colours.

    A colour picture whose three channels are equal counts as grey; transparency is dropped.

    Raises:
        StudioError: the file is missing, no picture or damaged.
    """
    with open_image(path) as image:
        load(image, path)
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


def indices(values: NDArray[np.integer], classes: Mapping[int, int], path: Path) -> NDArray[np.uint8]:
    """Stored values as class indices (H, W) uint8 (uint16 where an index needs it).

    Args:
        classes: stored value -> class index or the ignore index.

    Raises:
        StudioError: the mask is in colours, or has values that are in no class; names the first few.
    """
    if values.ndim != 2:
        raise StudioError(mark("the mask is in colours, class numbers were expected"), where=str(path))
    top = max(int(values.max(initial=0)), *classes) + 1
    if int(values.min(initial=0)) < 0 or top > 2**16:
        raise StudioError(mark("the mask has values outside 0 … 65535"), where=str(path))
    unknown = -1
    table = np.full(top, unknown, np.int32)
    for value, index in classes.items():
        table[value] = index
    found = table[values]
    if found.min(initial=0) == unknown:
        wrong = np.unique(values[found == unknown])
        raise StudioError(
            mark("the mask has values outside its classes: {wrong}"), where=str(path),
            wrong=", ".join(map(str, wrong[:8].tolist())) + (", …" if len(wrong) > 8 else ""),
        )  # fmt: skip
    return found.astype(np.uint8 if max(classes.values(), default=0) < 256 else np.uint16)


def fitted(mask: NDArray[np.uint8], width: int, height: int, path: Path) -> NDArray[np.uint8]:
    """The mask at the picture's size, by nearest neighbour where it was drawn at another scale.

    Raises:
        StudioError: its shape is another than the picture's.
    """
    if mask.shape == (height, width):
        return mask
    if abs(mask.shape[1] * height / (mask.shape[0] * width) - 1) > _SHAPE_TOLERANCE:
        raise StudioError(
            mark("the mask is {found}, the picture {expected} pixels"), where=str(path),
            fix=mark("Draw the mask on the whole picture."),
            found=f"{mask.shape[1]} × {mask.shape[0]}", expected=f"{width} × {height}",
        )  # fmt: skip
    resized = Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(resized).astype(mask.dtype, copy=False)


def _whole(values: NDArray[np.floating], path: Path) -> NDArray[np.integer]:
    if not np.isfinite(values).all() or (values != values.round()).any() or values.min(initial=0) < 0:
        raise StudioError(mark("the mask has values that are no class numbers"), where=str(path))
    return values.astype(np.uint16)
