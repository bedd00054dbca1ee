"""The microscope: what comes out of a layer, channel by channel, and how one value of a convolution comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.session.activations import ActivationSession
from mtlstudio.ui.design import figures
from mtlstudio.ui.design.channel_grid import ChannelGrid, ChannelView
from mtlstudio.ui.design.thumbs import faults, thumb_image
from mtlstudio.ui.design.window_table import WindowTable
from mtlstudio.ui.theme import scaled
from mtlstudio.ui.widgets.common import label
from mtlstudio.ui.widgets.titles import ElidedLabel

if TYPE_CHECKING:
    from mtlstudio.inspection.activations import Activation
    from mtlstudio.inspection.bench import Observation
    from mtlstudio.inspection.microscope import Magnified, Slide

OUTPUT = "output"
_BARS = 96


class Microscope(QDialog):
    """Stays open beside the grid; shows the layer that was clicked last.

    Attributes:
        magnified: the value taken apart; None while a layer's output is looked at.
    """

    def __init__(self, session: ActivationSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("microscope")
        self.setWindowTitle(tr("Microscope"))
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._session = session
        self._observation: Observation | None = None
        self._layer = ""
        self._wanted: str | None = None
        self._slide: Slide | None = None
        self._values: NDArray[np.float32] | None = None
        self._channel, self._row, self._column = -1, -1, -1
        self.magnified: Magnified | None = None
        self.title, self.facts = label(role="heading"), ElidedLabel(role="dim")
        self.faults = label(role="warning", wrap=True)
        self.source = QComboBox()
        self.source.setObjectName("microscope-source")
        self.source.setAccessibleName(tr("Look at"))
        self.channels, self.table = ChannelGrid(), WindowTable()
        self.view, self.seen = ChannelView(tr("Output")), ChannelView(tr("Input"))
        self.view.setObjectName("microscope-output")
        self.seen.setObjectName("microscope-input")
        self.channels_title, self.view_title, self.seen_title = label(role="dim"), label(role="dim"), label(role="dim")
        self.formula, self.after = label(wrap=True), label(role="dim", wrap=True)
        self.formula.setObjectName("microscope-formula")
        self.formula.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.table_area = QScrollArea()
        self._lay_out()
        self.source.activated.connect(self._choose_source)
        self.channels.chosen.connect(self._choose_channel)
        self.view.clicked.connect(lambda x, y: self._choose_pixel(y, x))
        self.view.moved.connect(lambda down, right: self._choose_pixel(self._row + down, self._column + right))
        self.view.hovered.connect(self._tell_value)
        self.view.left.connect(lambda: self._tell_value(-1, -1))
        session.magnified.connect(self._take_slide)

    def open_layer(self, layer_id: str) -> None:
        """Shows a layer, of the observation at hand; opens the window."""
        if layer_id != self._layer:
            self._layer, self._wanted, self._channel, self._row = layer_id, None, -1, -1
        first = not self.isVisible()
        if first:
            parent = self.parentWidget()
            self.resize(min(scaled(800), 1240), min(scaled(660), 680))
            if parent is not None:
                corner = parent.mapToGlobal(parent.rect().topRight())
                self.move(corner.x() - self.width() - 10, corner.y() + scaled(40))
        self.show()
        if first:
            self.raise_()
            self.view.setFocus()
        if self._session.observation is not None:
            self.show_observation(self._session.observation)

    def show_observation(self, observation: Observation) -> None:
        """Another sample, or the design has changed: the same layer, channel and pixel where they are still there."""
        self._observation = observation
        self._show_layer()

    # --- building ---------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.title)
        head.addWidget(self.facts, 1)
        head.addWidget(self.source)
        views = QHBoxLayout()
        views.setSpacing(12)
        self.parts = QWidget(), QWidget(), QWidget()
        pairs = (self.channels_title, self.channels), (self.view_title, self.view), (self.seen_title, self.seen)
        for part, (title, widget) in zip(self.parts, pairs, strict=True):
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(4)
            column.addWidget(title)
            column.addWidget(widget, 1, Qt.AlignmentFlag.AlignTop if widget is self.channels else Qt.AlignmentFlag(0))
            views.addWidget(part, 0 if widget is self.channels else 1)
        for view in (self.view, self.seen):
            view.setMinimumSize(scaled(150), scaled(150))
        self.table_area.setWidget(self.table)
        self.table_area.setFrameShape(QScrollArea.Shape.NoFrame)
        self.table_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page = QVBoxLayout(self)
        page.setContentsMargins(16, 12, 16, 14)
        page.setSpacing(8)
        page.addLayout(head)
        page.addWidget(self.faults)
        page.addLayout(views, 5)
        page.addWidget(self.table_area, 6)
        page.addWidget(self.formula)
        page.addWidget(self.after)

    # --- a layer ----------------------------------------------------------------------------------------------

    def _show_layer(self) -> None:
        observation = self._observation
        assert observation is not None
        found = observation.layers.get(self._layer)
        names = {layer.id: layer.name for layer in observation.spec.network.layers}
        self.title.setText(names.get(self._layer, ""))
        convolutions = observation.convolutions.get(self._layer, ())
        self.source.clear()
        self.source.addItem(tr("Output of the layer"), OUTPUT)
        for name in convolutions:
            self.source.addItem(tr("Convolution {name}", name=name) if name else tr("Convolution"), name)
        if self._wanted not in (OUTPUT, *convolutions):
            self._wanted = convolutions[0] if convolutions else OUTPUT
        self.source.setCurrentIndex(max(0, self.source.findData(self._wanted)))
        self.source.setVisible(bool(convolutions))
        if found is None:
            self.facts.set_text(tr("This layer did not run: no task's output depends on it."))
            self.faults.hide()
            self._show_nothing()
            return
        parts = [figures.long_shape(found.shape), tr("values {low:.4g} … {high:.4g}", low=found.low, high=found.high)]
        parts.append(tr("{share:.0f} % silent", share=100 * found.silent))
        self.facts.set_text(" · ".join(parts))
        self.facts.setToolTip(f"{observation.origin.text()}\n{observation.title}")
        self.faults.setText("\n".join(faults(found)))
        self.faults.setVisible(bool(faults(found)))
        if self._wanted == OUTPUT:
            self._show_output(found)
        else:
            self._session.magnify(self._layer, str(self._wanted))

    def _show_nothing(self) -> None:
        self._slide, self.magnified, self._values = None, None, None
        for widget in (self.parts[0], self.parts[2], self.table_area):
            widget.hide()
        self.view.set_image(None)
        self.view.clear_frame()
        self.view_title.setText("")
        self.formula.setText("")
        self.after.setText("")

    def _show_output(self, found: Activation) -> None:
        self._show_nothing()
        if found.numbers:
            self._fill_channels(found)
            self._show_channel()
            return
        if len(found.shape) == 1 and self._observation is not None:
            from mtlstudio.inspection.thumbnails import thumbnail

            self.view.set_image(
                thumb_image(thumbnail(found, max(32, min(_BARS, found.shape[0]) // 2))), keep_view=False
            )
        else:
            self._values = found.picture
            self.view.show_values(found.picture, found.low, found.high)
        self.view_title.setText(tr("All values") if len(found.shape) == 1 else tr("Channels down, steps across"))

    def _fill_channels(self, found: Activation) -> None:
        self.channels.set_channels(found.channels, found.numbers, found.low, found.high)
        of = found.shape[0]
        self.channels_title.setText(
            tr("Strongest channels, {n} of {all}", n=len(found.numbers), all=of)
            if of > len(found.numbers) else tr("Channels, strongest first")
        )  # fmt: skip
        self.parts[0].show()
        if not 0 <= self._channel < of or (self._wanted == OUTPUT and self._channel not in found.numbers):
            self._channel = found.numbers[0]
        self.channels.set_current(self._channel)

    def _show_channel(self) -> None:
        """The chosen channel of the layer's output, enlarged."""
        observation = self._observation
        found = observation.layers.get(self._layer) if observation is not None else None
        if found is not None and self._channel in found.numbers:
            self._values = found.channels[found.numbers.index(self._channel)]
            self.view.show_values(self._values, found.low, found.high)
            self._tell_value(-1, -1)

    # --- a convolution ----------------------------------------------------------------------------------------

    def _take_slide(self, observation: Observation, slide: Slide) -> None:
        if observation is not self._observation or (slide.layer, slide.name) != (self._layer, self._wanted):
            return
        self._show_nothing()
        self._slide = slide
        self._fill_channels(slide.output)
        for widget in (self.parts[2], self.table_area):
            widget.show()
        height, width = slide.leaving.shape[1:]
        if not (0 <= self._row < height and 0 <= self._column < width):
            strongest = int(np.abs(slide.leaving[self._channel]).argmax())
            self._row, self._column = divmod(strongest, width)
        self._show_value()

    def _show_value(self) -> None:
        """The chosen value taken apart."""
        slide = self._slide
        if slide is None:
            return
        found = self.magnified = slide.at(self._channel, self._row, self._column)
        self._values = found.output
        self.view.show_values(found.output, slide.output.low, slide.output.high)
        self.view.set_frame(found.column, found.row, 1, 1)
        self.seen.show_values(found.input, float(found.input.min()), float(found.input.max()))
        gaps = slide.dilation[0] > 1 or slide.dilation[1] > 1
        points = [(x, y) for y in found.rows for x in found.columns] if gaps else []
        self.seen.set_frame(
            found.columns[0], found.rows[0], found.columns[-1] - found.columns[0] + 1,
            found.rows[-1] - found.rows[0] + 1, points,
        )  # fmt: skip
        strongest = found.first_channel + int(np.abs(found.shares).argmax())
        self.seen_title.setText(tr("Input channel {channel}, which weighs most here", channel=strongest))
        self.table.show_magnified(found)
        self.formula.setText(found.formula())
        places = found.decimals()
        steps = [tr("Sum {value}", value=f"{found.value:.{places}f}")]
        steps += [f"{name} {value:.{places}f}" for name, value in found.after]
        self.after.setText("  →  ".join(steps))
        self._tell_value(-1, -1)

    # --- hands ------------------------------------------------------------------------------------------------

    def _choose_source(self, index: int) -> None:
        self._wanted, self._channel, self._row = str(self.source.itemData(index)), -1, -1
        self._show_layer()

    def _choose_channel(self, number: int) -> None:
        self._channel = number
        if self._slide is not None:
            self._show_value()
        else:
            self._show_channel()

    def _choose_pixel(self, row: int, column: int) -> None:
        if self._slide is None:
            return
        height, width = self._slide.leaving.shape[1:]
        self._row, self._column = max(0, min(height - 1, row)), max(0, min(width - 1, column))
        self._show_value()

    def _tell_value(self, x: int, y: int) -> None:
        """The title over the enlarged channel tells the value under the pointer, else that of the chosen pixel."""
        if self._values is None:
            return
        if x < 0 and self._slide is not None:
            x, y = self._column, self._row
        place = {"channel": self._channel}
        if 0 <= y < self._values.shape[0] and 0 <= x < self._values.shape[1]:
            value = float(self._values[y, x])
            self.view_title.setText(
                tr("Channel {channel}, row {row}, column {column}: {value:.4g}", row=y, column=x, value=value, **place)
            )
        elif self._channel >= 0:
            self.view_title.setText(tr("Channel {channel}", **place))
