"""Tiny data sets, made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


class Maker:
    """Writes small pictures and masks below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def picture(self, name: str, size: tuple[int, int] = (24, 16), seed: int = 0, **options: object) -> Path:
        """A noisy RGB picture of (width, height)."""
        width, height = size
        pixels = np.random.default_rng(seed + len(name)).integers(0, 256, (height, width, 3), np.uint8)
        return self.save(name, Image.fromarray(pixels), **options)

    def pictures(self, names: Iterable[str], size: tuple[int, int] = (24, 16)) -> None:
        """Several of them."""
        for name in names:
            self.picture(name, size)

    def mask(self, name: str, values: Iterable[int], size: tuple[int, int] = (24, 16)) -> Path:
        """A grey mask in vertical stripes of these values."""
        return self.save(name, Image.fromarray(stripes(list(values), size)))

    def palette(self, name: str, values: Iterable[int], palette: list[int], size: tuple[int, int] = (24, 16)) -> Path:
        """A palette mask in stripes of these indices."""
        image = Image.fromarray(stripes(list(values), size))
        image.putpalette(palette + [0] * (768 - len(palette)))
        return self.save(name, image)

    def colours(self, name: str, colours: list[tuple[int, int, int]], size: tuple[int, int] = (24, 16)) -> Path:
        """A colour mask in stripes."""
        places = stripes(list(range(len(colours))), size)
        return self.save(name, Image.fromarray(np.array(colours, np.uint8)[places]))

    def text(self, name: str, content: str) -> Path:
        """A text file."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def save(self, name: str, image: Image.Image, **options: object) -> Path:
        """A picture under this name, in the format of its ending or `format`."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
        return path


def stripes(values: list[int], size: tuple[int, int]) -> np.ndarray:
    """(height, width) uint8 (uint16 where needed): equal vertical stripes of the values."""
    width, height = size
    row = np.array(values)[np.arange(width) * len(values) // width]
    return np.tile(row.astype(np.uint8 if max(values) < 256 else np.uint16), (height, 1))


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    """Writes below a folder of the test's own."""
    return Maker(tmp_path / "data")


@pytest.fixture
def codes() -> Callable[[Iterable[object]], list[str]]:
    """The codes of findings."""
    return lambda found: [problem.code for problem in found]  # type: ignore[attr-defined]
