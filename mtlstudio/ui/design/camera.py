"""What part of the grid is looked at, and how large. Pure: it can reach neither NaN nor emptiness."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from mtlstudio.ui.design.geometry import Point, Rect

MAX_ZOOM, READABLE = 3.0, 0.69
_KEPT = 80.0  # so many pixels of the grid stay in view


@dataclass(frozen=True)
class Camera:
    """`x`, `y`: the place of the grid at the upper left corner; pixels per unit along and across the rows."""

    x: float = 0.0
    y: float = 0.0
    zoom_x: float = 1.0
    zoom_y: float = 1.0


@dataclass(frozen=True)
class Limits:
    """The grid's size and that of the view, in units and pixels."""

    content: tuple[float, float]
    view: tuple[float, float]

    def lowest(self) -> tuple[float, float]:
        """The smallest zoom: all of the grid is in view (never larger than 1)."""
        wide, high = (max(1.0, length) for length in self.content)
        return (
            min(1.0, max(1e-4, max(1.0, self.view[0]) / wide)),
            min(1.0, max(1e-4, max(1.0, self.view[1]) / high)),
        )


def fitted(limits: Limits) -> Camera:
    """All of the grid."""
    zoom_x, zoom_y = limits.lowest()
    return Camera(0.0, 0.0, zoom_x, zoom_y)


def opened(limits: Limits) -> Camera:
    """How a grid is first shown: all columns as long as names can be read, rows at their own height from the first."""
    return Camera(0.0, 0.0, max(READABLE, limits.lowest()[0]), 1.0)


def zoomed(camera: Camera, factor: float, at: Point, limits: Limits) -> Camera:
    """Larger or smaller; what is under `at` (pixels of the view) stays there."""
    if not math.isfinite(factor) or factor <= 0:
        return camera
    low_x, low_y = limits.lowest()
    zoom_x = min(MAX_ZOOM, max(low_x, camera.zoom_x * factor))
    zoom_y = min(max(1.0, zoom_x), max(low_y, camera.zoom_y * factor))
    x = camera.x + at.x / camera.zoom_x - at.x / zoom_x
    y = camera.y + at.y / camera.zoom_y - at.y / zoom_y
    return clamped(Camera(x, y, zoom_x, zoom_y), limits)


def panned(camera: Camera, dx: float, dy: float, limits: Limits) -> Camera:
    """Moved by so many pixels."""
    if not (math.isfinite(dx) and math.isfinite(dy)):
        return camera
    moved = replace(camera, x=camera.x - dx / camera.zoom_x, y=camera.y - dy / camera.zoom_y)
    return clamped(moved, limits)


def focused(rect: Rect, limits: Limits) -> Camera:
    """A part of the grid, with some room around it, never larger than twice."""
    wide, high = max(1.0, limits.view[0]), max(1.0, limits.view[1])
    low_x, low_y = limits.lowest()
    zoom_x = min(2.0, max(low_x, wide / (rect.w + 60)))
    zoom_y = min(max(1.0, zoom_x), max(low_y, high / (rect.h + 20)))
    x, y = rect.x + rect.w / 2 - wide / 2 / zoom_x, rect.y + rect.h / 2 - high / 2 / zoom_y
    return clamped(Camera(x, y, zoom_x, zoom_y), limits)


def clamped(camera: Camera, limits: Limits) -> Camera:
    """The nearest view that is not empty."""
    return Camera(
        _held(camera.x, camera.zoom_x, limits.content[0], limits.view[0]),
        _held(camera.y, camera.zoom_y, limits.content[1], limits.view[1]),
        camera.zoom_x,
        camera.zoom_y,
    )


def _held(start: float, zoom: float, content: float, view: float) -> float:
    """A start at which the view keeps something of the content; one that fits in whole cannot be moved away."""
    if not math.isfinite(start):
        return 0.0
    length = view / zoom
    if content <= length:
        return 0.0
    spare = min(_KEPT / zoom, length / 2)
    return min(content - length + spare, max(-spare, start)) if view > 0 else 0.0
