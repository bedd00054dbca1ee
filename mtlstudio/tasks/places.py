"""Numbers that speak of places in the picture: positions and sizes, by their roles, from pixels to fractions of the
square and back, and turned with the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtlstudio.tasks.geometry import Fit, Geometry

if TYPE_CHECKING:
    from torch import Tensor

ROLES = ("x", "y", "width", "height", "value")
POSITIONS = ("x", "y")
BOX = ("x", "y", "width", "height")
"""Centre and size: values with these roles, in this order, are drawn as a box."""


def axis_of(role: str) -> int | None:
    """0 for x and width, 1 for y and height, None for a plain value."""
    return {"x": 0, "width": 0, "y": 1, "height": 1}.get(role)


def groups(roles: Sequence[str]) -> list[list[int]]:
    """Indices of the values that speak of one thing: neighbours, until a role comes again or a plain value stands
    between."""
    found: list[list[int]] = []
    current: set[str] = set()
    for index, role in enumerate(roles):
        if axis_of(role) is None:
            current = set()
            continue
        if not current or role in current:
            found.append([])
            current = set()
        found[-1].append(index)
        current.add(role)
    return found


def to_fractions(values: NDArray[np.float32], roles: Sequence[str], fit: Fit) -> NDArray[np.float32]:
    """Pixels of the picture as fractions of the square; all values of a thing whose position lies outside are NaN."""
    left, top, width, height = fit.source_box()
    start, length = (left, top), (width, height)
    fractions = values.copy()
    for index, role in enumerate(roles):
        axis = axis_of(role)
        if axis is not None:
            fractions[index] = (values[index] - (start[axis] if role in POSITIONS else 0)) / length[axis]
    for group in groups(roles):
        if any(
            roles[i] in POSITIONS and not -1e-6 <= fractions[i] <= 1 + 1e-6
            for i in group
            if fractions[i] == fractions[i]
        ):
            fractions[group] = np.nan
    return fractions


def to_pixels(values: NDArray[np.float32], roles: Sequence[str], fit: Fit) -> NDArray[np.float32]:
    """Fractions of the square as pixels of the picture."""
    left, top, width, height = fit.source_box()
    start, length = (left, top), (width, height)
    pixels = values.copy()
    for index, role in enumerate(roles):
        axis = axis_of(role)
        if axis is not None:
            pixels[index] = values[index] * length[axis] + (start[axis] if role in POSITIONS else 0)
    return pixels


def turned(values: Tensor, roles: Sequence[str], geometry: Geometry) -> Tensor:
    """Fractions (D,) turned with the picture; all values of a thing whose position is cut away become NaN."""
    left, top, width, height = geometry.box
    start, length, mirrored = (left, top), (width, height), (geometry.flip_x, geometry.flip_y)
    numbers: list[float] = values.tolist()
    for index, role in enumerate(roles):
        axis = axis_of(role)
        if axis is None:
            continue
        place = (numbers[index] - (start[axis] if role in POSITIONS else 0)) / length[axis]
        numbers[index] = 1 - place if role in POSITIONS and mirrored[axis] else place
    for group in groups(roles):
        if any(numbers[i] < -1e-6 or numbers[i] > 1 + 1e-6 for i in group if roles[i] in POSITIONS):
            for i in group:
                numbers[i] = float("nan")
    return values.new_tensor(numbers)


def corners(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Centre and size as left, top, right, bottom."""
    x, y, width, height = (float(part) for part in box)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes (left, top, right, bottom); 0 where both are empty."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    total = sum((b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)) - shared
    return shared / total if total > 0 else 0.0
