"""numpy arrays to QImage: pictures, index maps, scalar maps. Every image owns its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def rgb_image(array: npt.NDArray[np.uint8]) -> QImage:
    """A picture.

    Args:
        array: `(H, W, 3)` RGB, `(H, W, 4)` RGBA (not premultiplied) or `(H, W)` grey, uint8.

    Raises:
        ValueError: another shape or dtype.
    """
    import numpy as np

    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(f"expected uint8 (H, W), (H, W, 3) or (H, W, 4), found {array.dtype} {array.shape}")
    formats = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}
    return _owned(array, formats[array.shape[2] if array.ndim == 3 else 1])


def label_image(array: npt.NDArray[np.integer], table: Sequence[int]) -> QImage:
    """An index map in its classes' colours, without touching a pixel in Python.

    Args:
        array: `(H, W)` class indices of any integer dtype.
        table: `0xAARRGGBB` per class; indices beyond it are transparent. Up to 256 entries give a
            `Format_Indexed8` image, more an ARGB one.

    Raises:
        ValueError: not two-dimensional.
    """
    import numpy as np

    if array.ndim != 2:
        raise ValueError(f"expected (H, W), found {array.shape}")
    beyond = len(table)
    fits = array.dtype == np.uint8 or not array.size or (array.min() >= 0 and array.max() <= 255)
    if not fits and beyond <= 255:
        array, fits = np.where((array < 0) | (array >= beyond), beyond, array), True
    if fits and beyond <= 256:
        return with_table(_owned(array.astype(np.uint8, copy=False), QImage.Format.Format_Indexed8), table)
    colours = np.zeros(beyond + 1, np.uint32)
    colours[:beyond] = table
    safe = np.where((array < 0) | (array >= beyond), beyond, array)
    return _owned(colours[safe].view(np.uint8).reshape(*array.shape, 4), QImage.Format.Format_ARGB32)


def scalar_image(
    array: npt.NDArray[np.floating], table: Sequence[int], low: float | None = None, high: float | None = None
) -> QImage:
    """A scalar map (depth, attribution) in a colour table.

    Args:
        array: `(H, W)` numbers; those that are not finite are transparent.
        table: up to 255 or 256 colours from low to high (`depth_table()`).
        low, high: the range; nothing: that of the finite values.

    Raises:
        ValueError: not two-dimensional.
    """
    import numpy as np

    if array.ndim != 2:
        raise ValueError(f"expected (H, W), found {array.shape}")
    values = np.asarray(array, np.float32)
    finite = np.isfinite(values)
    bottom = float(low) if low is not None else float(values[finite].min()) if finite.any() else 0.0
    top = float(high) if high is not None else float(values[finite].max()) if finite.any() else 1.0
    span = top - bottom if top > bottom else 1.0
    steps = np.clip((np.where(finite, values, bottom) - bottom) * (254.0 / span), 0.0, 254.0)
    index = np.where(finite, steps.astype(np.uint8) + 1, 0).astype(np.uint8)
    last = len(table) - 1
    return with_table(
        _owned(index, QImage.Format.Format_Indexed8), [0, *(table[round(step * last / 254)] for step in range(255))]
    )


def with_table(image: QImage, table: Sequence[int]) -> QImage:
    """Gives an indexed image another colour table; the missing rest of 256 is transparent."""
    image.setColorTable([*table, *([0] * (256 - len(table)))][:256])
    return image


def _owned(array: npt.NDArray[np.uint8], kind: QImage.Format) -> QImage:
    import numpy as np

    solid = np.ascontiguousarray(array)
    height, width = solid.shape[:2]
    if height == 0 or width == 0:
        return QImage()
    return QImage(solid.data, width, height, solid.strides[0], kind).copy()
