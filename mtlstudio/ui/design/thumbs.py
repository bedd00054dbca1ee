"""The activations as pictures that the cards are painted with, each made when it is first painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QPixmap

from mtlstudio.base.texts import tr
from mtlstudio.ui.theme import depth_table, theme
from mtlstudio.ui.widgets.qimages import label_image

if TYPE_CHECKING:
    from mtlstudio.inspection.activations import Activation
    from mtlstudio.inspection.bench import Observation
    from mtlstudio.inspection.thumbnails import Thumbnail

SILENT = 0.5
"""From this share of silent channels on a card warns."""


class Thumbs:
    """What the cards show of an observation.

    Attributes:
        stale: the design has changed since.
    """

    def __init__(self, observation: Observation) -> None:
        self.observation = observation
        self.stale = False
        self._theme = ""
        self._pixmaps: dict[str, QPixmap] = {}

    def pixmap(self, layer_id: str) -> QPixmap | None:
        """A layer's picture; None where nothing came out of it."""
        if theme().name != self._theme:
            self._theme = theme().name
            self._pixmaps.clear()
        found = self._pixmaps.get(layer_id)
        if found is None and (thumbnail := self.observation.thumbnails.get(layer_id)) is not None:
            found = self._pixmaps[layer_id] = QPixmap.fromImage(thumb_image(thumbnail))
        return found

    def is_bars(self, layer_id: str) -> bool:
        """Whether it is the strip of bars of a vector."""
        thumbnail = self.observation.thumbnails.get(layer_id)
        return thumbnail is not None and thumbnail.kind == "bars"

    def warns(self, layer_id: str) -> str:
        """Role of the colour of a warning; "" for none."""
        found = self.observation.layers.get(layer_id)
        if found is None:
            return ""
        return "bad" if not found.finite else "warning" if found.silent > SILENT else ""

    def lines(self, layer_id: str) -> list[str]:
        """What a tool tip says."""
        found = self.observation.layers.get(layer_id)
        return (
            [tr("Activations {low:.3g} … {high:.3g}", low=found.low, high=found.high), *faults(found)] if found else []
        )


def faults(found: Activation) -> list[str]:
    """What is wrong with an output."""
    lines = []
    if not found.finite:
        lines.append(tr("Some values are not finite"))
    if found.silent > SILENT:
        share = 100 * found.silent
        if len(found.shape) == 1:
            lines.append(tr("{share:.0f} % of the values are zero", share=share))
        else:
            lines.append(tr("{share:.0f} % of the channels are silent (zero everywhere)", share=share))
    return lines


def thumb_image(thumbnail: Thumbnail) -> QImage:
    """A thumbnail in the theme's colours."""
    if thumbnail.kind == "bars":
        tokens = theme()
        table = [tokens.colour(role).rgba() for role in ("track", "accent", "warning")]
        return label_image(thumbnail.pixels, table)
    return label_image(thumbnail.pixels, depth_table())
