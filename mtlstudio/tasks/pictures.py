"""Pictures between their own size and the square that the network sees; one way for inputs and for targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtlstudio.tasks.geometry import Fit, Geometry

if TYPE_CHECKING:
    from torch import Tensor

BAR_COLOUR = (124, 116, 104)  # ImageNet's mean: about 0 after standardisation


def fit_image(image: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The picture as the network's square, (S, S, 3) uint8: bilinear with antialiasing.

    Args:
        image: (h, w, 3) uint8; may have been read smaller than `fit.width` × `fit.height`.
    """
    from PIL import Image

    picture = Image.fromarray(image)
    size = fit.size
    if fit.mode == "letterbox":
        side = max(fit.width, fit.height)
        width, height = (max(1, round(length * size / side)) for length in (fit.width, fit.height))
        square = Image.new("RGB", (size, size), BAR_COLOUR)
        square.paste(
            picture.resize((width, height), Image.Resampling.BILINEAR), ((size - width) // 2, (size - height) // 2)
        )
        return np.asarray(square)
    left, top, width_, height_ = fit.source_box()
    x, y = picture.width / fit.width, picture.height / fit.height
    box = (left * x, top * y, min((left + width_) * x, picture.width), min((top + height_) * y, picture.height))
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR, box=box))


def cropped(image: Tensor, geometry: Geometry) -> Tensor:
    """The picture (C, S, S) with the box cut out and stretched: bilinear, antialiased, as torchvision's `resized_crop`
    but without its copy into another memory order, which takes as long as the crop itself."""
    from torch.nn.functional import interpolate

    size = image.shape[-1]
    top, left, height, width = geometry.pixels(size)
    if (height, width) == (size, size):
        return image
    part = image[None, :, top : top + height, left : left + width]
    return interpolate(part, size=(size, size), mode="bilinear", antialias=True)[0]


def turned(image: Tensor, geometry: Geometry) -> Tensor:
    """The picture (C, S, S) cut, stretched and mirrored."""
    image = cropped(image, geometry)
    axes = [axis for axis, flipped in ((-1, geometry.flip_x), (-2, geometry.flip_y)) if flipped]
    return image.flip(axes) if axes else image
