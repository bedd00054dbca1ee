"""Two targets whose kinship is known: how far they need the same features, or others.

Two latent numbers u and v, independent and of variance 1, are drawn into every ground: u is how steep its stripes
are (leaning to the left or to the right alike, so that a mirrored picture keeps its truth), v its warmth, from cool
grey blue to warm sand. Then

    signal_a = u
    signal_b = ρ · u + sqrt(1 - ρ²) · v

with ρ the dial `relatedness`. At ρ = 1 both tasks want the stripes; at 0 one wants the stripes, the other the
warmth, and neither is of any use to the other. Both signals have mean 0 and variance 1 at every ρ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mtlstudio.data.scenes.dials import SceneDials
from mtlstudio.data.scenes.dice import Dice
from mtlstudio.data.scenes.streams import Stream

LIMIT = math.sqrt(3.0)


@dataclass(frozen=True)
class Latents:
    """What is drawn into a ground, each uniform in [-√3, √3): mean 0, variance 1."""

    u: float
    v: float

    @classmethod
    def of(cls, dials: SceneDials, index: int) -> Latents:
        """Those of one scene; the dials but for the seed have no say."""
        dice = Dice(dials.seed, index, Stream.LATENTS)
        return cls(dice.between(-LIMIT, LIMIT), dice.between(-LIMIT, LIMIT))


def signals(dials: SceneDials, latents: Latents) -> tuple[float, float]:
    """(signal_a, signal_b) of a scene with these latents."""
    own = math.sqrt(1.0 - dials.relatedness**2)
    return latents.u, dials.relatedness * latents.u + own * latents.v


def true_relatedness(dials: SceneDials) -> float:
    """The truth that a study of task affinity should find, 0 to 1.

    It is the correlation of signal_a and signal_b over all scenes; its square is the share of signal_b's variance
    that the features of signal_a explain.
    """
    return dials.relatedness
