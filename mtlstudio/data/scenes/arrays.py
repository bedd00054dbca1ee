"""Many scenes as arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mtlstudio.data.scenes.dials import SceneDials
from mtlstudio.data.scenes.drawing import draw
from mtlstudio.data.scenes.targets import COLOURS, SHAPES, TARGET_IDS

Progress = Callable[[int, int], None]
"""Called with (scenes done, scenes in all); what it raises ends the work."""


@dataclass(frozen=True)
class SceneArrays:
    """Scenes 0 to N - 1 of one setting of the dials.

    Attributes:
        dials: the setting; N is its `count`.
        images: (N, S, S, 3) uint8 RGB.
        targets: target id -> the truth of all scenes, missing or not: `largest` (N,) int64; `shapes`, `colours`
            (N, 6) uint8 of 0 and 1; `count`, `signal_a`, `signal_b` (N, 1) float32; `mask` (N, S, S) uint8;
            `depth` (N, S, S) float16 in metres.
        present: target id -> (N,) bool: whether the label is there; False where the dials leave it out.
    """

    dials: SceneDials
    images: np.ndarray
    targets: dict[str, np.ndarray]
    present: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.images)

    def truth(self, index: int, target: str) -> Any:
        """One scene's truth in the form that `Scene.targets` has it, missing or not."""
        value = self.targets[target][index]
        if target == "largest":
            return int(value)
        return value if target == "mask" else value.astype(np.float32)


def empty(dials: SceneDials) -> SceneArrays:
    """Arrays of the right shapes and dtypes, their contents still to be drawn."""
    n, size = dials.count, dials.size
    targets: dict[str, np.ndarray] = {
        "largest": np.empty(n, dtype=np.int64),
        "shapes": np.empty((n, len(SHAPES)), dtype=np.uint8),
        "colours": np.empty((n, len(COLOURS)), dtype=np.uint8),
        "count": np.empty((n, 1), dtype=np.float32),
        "mask": np.empty((n, size, size), dtype=np.uint8),
        "depth": np.empty((n, size, size), dtype=np.float16),
        "signal_a": np.empty((n, 1), dtype=np.float32),
        "signal_b": np.empty((n, 1), dtype=np.float32),
    }
    present = {target: np.empty(n, dtype=np.bool_) for target in TARGET_IDS}
    return SceneArrays(dials, np.empty((n, size, size, 3), dtype=np.uint8), targets, present)


def generate(dials: SceneDials, progress: Progress | None = None) -> SceneArrays:
    """Draws all scenes, about 4 ms each at 128 pixels.

    Args:
        dials: what to draw.
        progress: told after each scene.
    """
    arrays = empty(dials)
    for index in range(dials.count):
        scene = draw(dials, index)
        arrays.images[index] = scene.image
        for target in TARGET_IDS:
            arrays.targets[target][index] = scene.targets[target]
            arrays.present[target][index] = target not in scene.missing
        if progress is not None:
            progress(index + 1, dials.count)
    return arrays
