"""Parts that several templates are made of. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log2

from mtlstudio.base.texts import mark, tr
from mtlstudio.network.patterns import Sketch

WIDTHS = (16, 32, 64, 160, 256)
"""Channels of the encoder's stages, each at half the size of the one before."""

STEPS = 16
"""So many steps from left to right, at least, a sequence is read in where the picture allows."""

STAGE = mark("Stage {n}")
DOWN = mark("Down {n}")
UP = mark("Up {n}")

Stages = dict[int, str]
"""Number of a stage -> its layer. Stage n has the picture's size divided by 2ⁿ."""


def stage_count(image_size: int) -> int:
    """How many stages suit pictures of that size: the last maps have about 8 × 8 pixels."""
    return min(max(round(log2(image_size / 8)), 3), len(WIDTHS))


def reading_stage(image_size: int, last: int) -> int:
    """The deepest stage up to `last` whose maps are wide enough to read a sequence from."""
    return min(max((image_size // STEPS).bit_length() - 1, 1), last)


def stages(
    sketch: Sketch, after: str, first: int, last: int, *, name: str = STAGE, prefix: str = "",
    widths: Sequence[int] = WIDTHS,
) -> Stages:  # fmt: skip
    """Adds the encoder's stages `first` to `last` behind `after`.

    Args:
        name: of one stage, with the place `{n}`.
        prefix: of the layers' ids.
        widths: channels of the stages, from stage 1 on.
    """
    added: Stages = {}
    for n in range(first, last + 1):
        word = name.format(n=n)
        if n == 1:
            after = sketch.add(
                "convolution", tr(name, n=n), after, id=prefix + word, out_channels=widths[0], kernel_size=5, stride=2
            )
        else:
            after = sketch.add(
                "residual_stage", tr(name, n=n), after, id=prefix + word, out_channels=widths[n - 1], blocks=1, stride=2
            )
        added[n] = after
    return added


def ends(
    sketch: Sketch, levels: Mapping[int, str], bottom: int, skips: Mapping[int, str], *, convolutions: int = 1
) -> None:
    """Ends every task's branch behind an encoder: vectors at the bottom, sequences at the stage that is wide enough,
    maps behind a way up of their own.

    Args:
        levels: the encoder's layers by stage.
        bottom: number of its last stage.
        skips: the layers that the ways up look back to.
        convolutions: in each step of a way up.
    """
    maps, sequences = {task.id for task in sketch.map_tasks}, {task.id for task in sketch.sequence_tasks}
    for task in sketch.spec.tasks:
        end = levels[bottom]
        if task.id in maps:
            end = decoder(sketch, end, bottom - 1, 1, skips, prefix=f"{task.id} ", convolutions=convolutions)
        elif task.id in sequences:
            end = levels[reading_stage(sketch.image_size, bottom)]
        sketch.head(task, end)


def decoder(
    sketch: Sketch, after: str, first: int, last: int, skips: Mapping[int, str], *, prefix: str = "",
    convolutions: int = 2, widths: Sequence[int] = WIDTHS,
) -> str:  # fmt: skip
    """Adds the decoder's steps from stage size `first` up to size `last`; `skips` holds the layers to look back to.

    Returns:
        id of the last step (of `after` where there is none to add).
    """
    for n in range(first, last - 1, -1):
        after = sketch.add(
            "unet_decoder", tr(UP, n=n), after, id=f"{prefix}up {n}", skip=skips.get(n, ""),
            out_channels=widths[n - 1], convolutions=convolutions,
        )  # fmt: skip
    return after
