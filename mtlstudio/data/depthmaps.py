"""Reads depth maps: 16-bit pictures, floating point pictures, numpy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.images import load, open_image

_MILLIMETRES_FROM = 256  # stored whole numbers above this are millimetres
_LOOKED_AT = 20


def read_depth(path: Path, scale: float) -> NDArray[np.float32]:
    """A depth map (H, W) in its unit; 0, negative and non-finite values, which mean "not measured", are NaN.

    Args:
        scale: what one step of the stored numbers is.

    Raises:
        StudioError: the file cannot be read, or is no map.
    """
    values = stored(path).astype(np.float32)
    with np.errstate(invalid="ignore"):
        values[~np.isfinite(values) | (values <= 0)] = np.nan
    return values * np.float32(scale)


def stored(path: Path) -> NDArray[np.generic]:
    """The stored numbers of a map, (H, W).

    Raises:
        StudioError: as `read_depth`.
    """
    if path.suffix.lower() == ".npy":
        values = read_array(path)
        values = values[..., 0] if values.ndim == 3 and values.shape[-1] == 1 else values
        values = values[0] if values.ndim == 3 and values.shape[0] == 1 else values
    else:
        with open_image(path) as image:
            load(image, path)
            grey: Image.Image = image.convert("L") if image.mode in ("RGB", "RGBA", "P", "LA") else image
            values = np.asarray(grey)
    if values.ndim != 2 or values.dtype.kind not in "uif":
        raise StudioError(
            mark("this is no map of numbers: {shape}"), where=str(path), shape=f"{values.shape} {values.dtype}"
        )
    return values


def read_array(path: Path) -> NDArray[np.generic]:
    """An array from a .npy file; nothing in it is executed.

    Raises:
        StudioError: it is missing, damaged, or holds objects.
    """
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StudioError(mark("the array cannot be read: {reason}"), where=str(path), reason=error) from error
    if not isinstance(values, np.ndarray):
        raise StudioError(mark("this is no single array"), where=str(path))
    return values


def scale_of(paths: Sequence[Path]) -> float:
    """What one stored step is: 0.001 (millimetres) where whole numbers go beyond 8 bits, else 1."""
    for path in paths[:: max(1, len(paths) // _LOOKED_AT)]:
        try:
            values = stored(path)
        except StudioError:
            continue
        if values.dtype.kind in "ui" and values.max(initial=0) >= _MILLIMETRES_FROM:
            return 0.001
    return 1.0
