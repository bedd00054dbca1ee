"""Reads pictures of every kind a folder may hold, upright, as plain RGB; says clearly what is wrong with a bad one.

Decisions: animations and many-page files give their first picture. Transparency is laid on white. 16-bit grey is scaled
by the fewest bits (8, 10, 12, 14, 16) that hold its largest value. Floating point of 0 … 1 is scaled by 255, of
0 … 255 kept, any other range stretched to 0 … 255 (not-a-number: 0). The file's ending is not trusted: its content is.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.interface import Picture
from mtlstudio.tasks.pictures import BAR_COLOUR, fit_image

MAX_PIXELS = 170_000_000

__all__ = [
    "BAR_COLOUR", "MAX_PIXELS", "fit_image", "image_size", "load", "open_image", "orientation", "read_image",
    "read_picture", "upright",
]  # fmt: skip

_ORIENTATION = 0x0112
_SIDES_SWAPPED = (5, 6, 7, 8)
_BITS = (8, 10, 12, 14, 16)

# Pillow warns of odd metadata on stderr and of large pictures; the first does not matter, the second is checked here.
warnings.filterwarnings("ignore", module=r"PIL\..*")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def read_image(path: Path) -> NDArray[np.uint8]:
    """A picture as (H, W, 3) uint8 RGB, turned as its EXIF data say.

    Raises:
        StudioError: it is missing, no picture, cut short, damaged or too large; names the file.
    """
    with open_image(path) as image:
        return _pixels(image, path)


def read_picture(path: Path, least: int) -> Picture:
    """As `read_image`, but a JPEG may come at a half, a quarter or an eighth, its sides at least `least` pixels."""
    with open_image(path) as image:
        width, height = _upright_size(image)
        image.draft(None, (least, least))
        return Picture(_pixels(image, path), width, height)


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of the upright picture, from the file's head. Raises StudioError as `read_image`."""
    with open_image(path) as image:
        return _upright_size(image)


def open_image(path: Path) -> Image.Image:
    """The file as a Pillow picture whose pixels are not decoded yet.

    Raises:
        StudioError: it is missing, may not be read, is empty, no picture or too large.
    """
    try:
        image: Image.Image = Image.open(path)
    except Exception as error:  # a hostile file can make Pillow raise anything
        raise _unreadable(path, error) from error
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise StudioError(
            mark("the picture is too large: {width} × {height} pixels"), where=str(path),
            fix=mark("Make it smaller: at most {most} million pixels are read."),
            width=image.width, height=image.height, most=MAX_PIXELS // 1_000_000,
        )  # fmt: skip
    return image


def load(image: Image.Image, path: Path) -> None:
    """Decodes an opened picture.

    Raises:
        StudioError: it is cut short or damaged.
    """
    try:
        image.load()
    except Exception as error:
        raise _unreadable(path, error) from error


def upright(pixels: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """An array (H, W, …) turned as a picture with this EXIF orientation (1 … 8) is."""
    if orientation in _SIDES_SWAPPED:
        pixels = pixels.swapaxes(0, 1)
    across = orientation in (2, 3, 6, 7)
    down = orientation in (3, 4, 7, 8)
    return pixels[:: -1 if down else 1, :: -1 if across else 1]


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 (as it lies) where there is none or it cannot be read."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF data do not make the picture unreadable
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright_size(image: Image.Image) -> tuple[int, int]:
    width, height = image.size
    return (height, width) if orientation(image) in _SIDES_SWAPPED else (width, height)


def _pixels(image: Image.Image, path: Path) -> NDArray[np.uint8]:
    turn = orientation(image)
    load(image, path)
    try:
        rgb = np.asarray(_as_rgb(image))
    except Exception as error:
        raise _unreadable(path, error) from error
    return rgb if turn == 1 else np.ascontiguousarray(upright(rgb, turn))


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_8_bit(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", colours.size, "white"), colours).convert("RGB")
    return image.convert("RGB")


def _to_8_bit(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    numbers = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    whole = np.issubdtype(values.dtype, np.integer)
    if whole and low >= 0 and high < 2**16:
        scale = 255 / (2 ** next(bits for bits in _BITS if high < 2**bits) - 1)
        low = 0.0
    elif not whole and low >= 0 and high <= 255:
        scale, low = (255.0 if high <= 1 else 1.0), 0.0
    else:
        scale = 255 / (high - low) if high > low else 0.0
    return np.asarray(((numbers - low) * scale).round(), np.uint8)


def _unreadable(path: Path, error: Exception) -> StudioError:
    where = str(path)
    if isinstance(error, StudioError):
        return error
    if isinstance(error, FileNotFoundError):
        return StudioError(mark("the file is missing"), where=where)
    if isinstance(error, PermissionError):
        return StudioError(mark("no permission to read it"), where=where)
    if isinstance(error, IsADirectoryError):
        return StudioError(mark("this is a folder, not a picture"), where=where)
    if isinstance(error, MemoryError):
        return StudioError(mark("not enough memory for this picture"), where=where)
    if isinstance(error, Image.DecompressionBombError):
        return StudioError(
            mark("the picture is too large"), where=where, fix=mark("At most {most} million pixels are read."),
            most=MAX_PIXELS // 1_000_000,
        )  # fmt: skip
    if path.is_file() and path.stat().st_size == 0:
        return StudioError(mark("the file is empty"), where=where, fix=mark("Copy it again from its source."))
    if isinstance(error, UnidentifiedImageError):
        return StudioError(mark("this is no picture, or of a kind that is not understood"), where=where)
    if "truncated" in str(error).lower():
        return StudioError(mark("the picture is cut short"), where=where, fix=mark("Copy it again from its source."))
    return StudioError(mark("the picture is damaged: {reason}"), where=where, reason=error)
