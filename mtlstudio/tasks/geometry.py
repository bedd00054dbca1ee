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

    def inner(self) -> tuple[int, int, int, int]:
        """left, top, width, height of the picture within the square, in whole pixels of the square.

        All of it, but with letterbox, where bars of whole pixels lie at both ends.
        """
        if self.mode != "letterbox":
            return 0, 0, self.size, self.size
        side = max(self.width, self.height)
        width, height = (max(1, round(length * self.size / side)) for length in (self.width, self.height))
        return (self.size - width) // 2, (self.size - height) // 2, width, height

    def source_box(self) -> tuple[float, float, float, float]:
        """left, top, width, height, in the picture's pixels, of the area that becomes the square.

        With letterbox it reaches beyond the picture (negative left or top), by as much as the bars are wide.
        """
        w, h = float(self.width), float(self.height)
        if self.mode == "crop":
            side = min(w, h)
            return (w - side) / 2, (h - side) / 2, side, side
        left, top, width, height = self.inner()
        x, y = w / width, h / height  # picture's pixels per pixel of the square
        return -left * x, -top * y, self.size * x, self.size * y

    def to_square(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture (pixels) as a fraction of the square."""
        left, top, width, height = self.source_box()
        return (x - left) / width, (y - top) / height

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """A point of the square (fractions) in the picture's pixels."""
        left, top, width, height = self.source_box()
        return left + x * width, top + y * height
