"""The sample scenes: labelled pictures that are drawn from a seed, shipped instead of data.

Textured shapes overlap on a cluttered, striped ground. `draw` makes one scene, `generate` many, `load` the same
with a cache; `TARGETS` says what they are labelled with, `DIALS` what can be turned.
"""

from __future__ import annotations

from mtlstudio.data.scenes.arrays import SceneArrays, generate
from mtlstudio.data.scenes.cache import VERSION, cache_file, load
from mtlstudio.data.scenes.dials import DIALS, SceneDials, class_frequencies, split_of
from mtlstudio.data.scenes.drawing import Scene, draw
from mtlstudio.data.scenes.relatedness import Latents, true_relatedness
from mtlstudio.data.scenes.targets import COLOURS, SHAPES, TARGETS, SceneTarget

__all__ = [
    "COLOURS", "DIALS", "SHAPES", "TARGETS", "VERSION", "Latents", "Scene", "SceneArrays", "SceneDials",
    "SceneTarget", "cache_file", "class_frequencies", "draw", "generate", "load", "split_of", "true_relatedness",
]  # fmt: skip
