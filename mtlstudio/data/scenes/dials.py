"""The dials of the sample scenes: what one can turn, and what follows from them without drawing anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from mtlstudio.base.declare import Parameter, complete
from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.scenes.dice import Dice
from mtlstudio.data.scenes.streams import Stream
from mtlstudio.data.scenes.targets import TARGET_IDS

Split = Literal["train", "val", "test"]

DIALS: tuple[Parameter, ...] = (
    Parameter("count", "int", 600, mark("Scenes"), mark("How many scenes are drawn."), 1, 100_000, step=100),
    Parameter("size", "int", 128, mark("Size"), mark("Width and height of a picture in pixels."), 32, 512, step=32),
    Parameter("min_shapes", "int", 1, mark("Fewest shapes"), mark("Each scene has at least so many shapes."), 1, 8),
    Parameter("max_shapes", "int", 5, mark("Most shapes"), mark("Each scene has at most so many shapes."), 1, 8),
    Parameter(
        "clutter", "float", 0.5, mark("Clutter"),
        mark("How many pebbles and twigs lie on the ground: 0 none, 1 very many."), 0, 1, step=0.1,
    ),
    Parameter(
        "noise", "float", 0.1, mark("Noise"),
        mark("How grainy the pictures are: 0 clean, 1 very grainy."), 0, 1, step=0.05,
    ),
    Parameter(
        "long_tail", "float", 0.0, mark("Long tail"),
        mark("How rare the rarest shapes and colours are: 0 all alike, 1 a hundred times rarer than the commonest."),
        0, 1, step=0.1,
    ),
    Parameter(
        "relatedness", "float", 1.0, mark("Relatedness"),
        mark("How far signals A and B need the same features: 1 wholly, 0 not at all."), 0, 1, step=0.1,
    ),
    Parameter(
        "missing", "float", 0.0, mark("Missing labels"),
        mark("Share of the labels left out, for every task on its own."), 0, 1, step=0.05,
    ),
    Parameter(
        "missing_by_task", "names", (), mark("Missing labels of single tasks"),
        mark("Shares of single tasks, such as depth=0.5, shapes=0.2; they replace the share above."),
    ),
    Parameter(
        "seed", "int", 0, mark("Seed"), mark("Another number, other scenes."), 0, 2**31 - 1,
    ),
)  # fmt: skip

_TAIL = 100.0
_MOST_PIXELS = 700_000_000
_BLOCK, _PART = 20, 7


@dataclass(frozen=True)
class SceneDials:
    """One setting of all dials; the fields are the parameters of `DIALS`.

    Raises:
        StudioError: a value does not fit, the fewest shapes are more than the most, or the scenes need
            more than about 4 GB.
    """

    count: int = 600
    size: int = 128
    min_shapes: int = 1
    max_shapes: int = 5
    clutter: float = 0.5
    noise: float = 0.1
    long_tail: float = 0.0
    relatedness: float = 1.0
    missing: float = 0.0
    missing_by_task: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for dial in DIALS:
            object.__setattr__(self, dial.name, dial.check(getattr(self, dial.name)))
        if self.min_shapes > self.max_shapes:
            raise StudioError(
                mark("the fewest shapes ({fewest}) are more than the most ({most})"),
                where="min_shapes",
                fix=mark("Raise the most or lower the fewest."),
                fewest=self.min_shapes,
                most=self.max_shapes,
            )
        if self.count * self.size**2 > _MOST_PIXELS:
            raise StudioError(
                mark("{count} scenes of {size} × {size} pixels need too much memory"),
                where="count",
                fix=mark("Draw at most {most} of this size, or smaller ones."),
                count=self.count,
                size=self.size,
                most=_MOST_PIXELS // self.size**2,
            )
        _shares(self.missing_by_task)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> SceneDials:
        """The dials from a form, a project file or a command line; those not named stand at their defaults.

        Raises:
            StudioError: as the class.
        """
        return cls(**complete(DIALS, values))

    def missing_share(self, target: str) -> float:
        """Expected share of this target's labels that is left out, 0 to 1."""
        return _shares(self.missing_by_task).get(target, self.missing)


@lru_cache(maxsize=64)
def _shares(entries: tuple[str, ...]) -> dict[str, float]:
    shares: dict[str, float] = {}
    for entry in entries:
        name, _, number = (part.strip() for part in entry.partition("="))
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        if name not in TARGET_IDS or not 0 <= share <= 1:
            raise StudioError(
                mark("{entry!r} is no target and share"),
                where="missing_by_task",
                fix=mark("Write a target, an equals sign and a number from 0 to 1; the targets are {known}."),
                entry=entry,
                known=", ".join(TARGET_IDS),
            )
        shares[name] = share
    return shares


def class_frequencies(dials: SceneDials, classes: int) -> tuple[float, ...]:
    """How often each class is drawn, commonest first: p_k ∝ 100^(-long_tail · k / (classes - 1)); adds up to 1."""
    weights = [_TAIL ** (-dials.long_tail * k / (classes - 1)) for k in range(classes)]
    return tuple(weight / sum(weights) for weight in weights)


def present(dials: SceneDials, index: int, target: str) -> bool:
    """Whether this scene has a label of this target; a larger share leaves out these and more."""
    place = TARGET_IDS.index(target)
    return Dice(dials.seed, index, Stream.MISSING + place).share() >= dials.missing_share(target)


def split_of(dials: SceneDials, index: int) -> Split:
    """The split a scene belongs to, by seed and index alone: 70 % train, 15 % val, 15 % test.

    Of every 20 scenes in a row 14 are for training, 3 for validation and 3 for the test: the 20 fall into parts of
    7, 7 and 6, and in each part one scene, drawn with the seed, is for validation and another for the test. So any
    number of scenes from 7 on has all three, and more scenes leave those before them where they are.
    """
    block, place = divmod(index, _BLOCK)
    part, place = divmod(place, _PART)
    length = min(_PART, _BLOCK - part * _PART)
    dice = Dice(dials.seed, block, Stream.SPLIT + part)
    val = dice.whole(0, length - 1)
    test = (val + dice.whole(1, length - 1)) % length
    return "val" if place == val else "test" if place == test else "train"
