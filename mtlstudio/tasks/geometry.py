"""What augmentation did to a picture's geometry, so that each task type can do the same to its targets."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Geometry:
    """One sample's geometric change, in this order: cut the box out, stretch it to the full size, mirror.

    Attributes:
        box: left, top, width, height of the part that is kept, as fractions of the picture.
        flip_x: mirrored left to right.
        flip_y: mirrored top to bottom.
    """

    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    flip_x: bool = False
    flip_y: bool = False

    @property
    def is_identity(self) -> bool:
        """Nothing changes."""
        return not self.flip_x and not self.flip_y and self.box == (0.0, 0.0, 1.0, 1.0)

    def pixels(self, size: int) -> tuple[int, int, int, int]:
        """top, left, height, width of the box in whole pixels of a square of `size`.

        Pictures and maps are both cut with this. Boxes drawn on the pixel grid (`on_grid`) lose nothing by it, so that
        positions, which are turned exactly, stay with the pixels.
        """
        left, top, width, height = (round(part * size) for part in self.box)
        left, top = min(max(left, 0), size - 1), min(max(top, 0), size - 1)
        return top, left, min(max(height, 1), size - top), min(max(width, 1), size - left)

    def on_grid(self, size: int) -> Geometry:
        """The same change with its box on the pixel grid of a square of `size`."""
        top, left, height, width = self.pixels(size)
        return replace(self, box=(left / size, top / size, width / size, height / size))


IDENTITY = Geometry()


@dataclass(frozen=True)
class Fit:
    """How a picture of `width` × `height` pixels fits into the square of `size` pixels that the network sees.

    Attributes:
        mode: `stretch` (both sides to the size), `letterbox` (whole picture, bars at the ends) or
            `crop` (the centre square).
    """

    width: int
    height: int
    size: int
    mode: str = "stretch"

    def source_box(self) -> tuple[float, float, float, float]:
        """left, top, width, height, in the picture's pixels, of the area that becomes the square.

        With letterbox it reaches beyond the picture (negative left or top).
        """
        w, h = float(self.width), float(self.height)
        if self.mode == "stretch":
            return 0.0, 0.0, w, h
        side = max(w, h) if self.mode == "letterbox" else min(w, h)
        return (w - side) / 2, (h - side) / 2, side, side

    def to_square(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture (pixels) as a fraction of the square."""
        left, top, width, height = self.source_box()
        return (x - left) / width, (y - top) / height

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """A point of the square (fractions) in the picture's pixels."""
        left, top, width, height = self.source_box()
        return left + x * width, top + y * height
