"""How much memory a training takes: by batch, precision and device, and the largest batch that fits."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from mtlstudio.base.texts import tr
from mtlstudio.network.analysis import Analysis
from mtlstudio.network.memory import MemoryEstimate, training_memory
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design import figures
from mtlstudio.ui.theme import scaled, theme
from mtlstudio.ui.widgets.bars import Part, StackedBar
from mtlstudio.ui.widgets.common import label

GIGA = 1_000_000_000
_USUAL = 8


class MemoryPanel(QFrame):
    """An estimate that follows the project until something is chosen by hand.

    Args:
        device: what it trains on: `cpu`, `cuda` or `mps`.
        room: bytes of the device's memory; 0: unknown.
    """

    def __init__(self, device: str = "cpu", room: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("memory")
        self.setProperty("surface", "card")
        self._spec: ProjectSpec | None = None
        self._analysis: Analysis | None = None
        self._batch_chosen = False
        self.estimate: MemoryEstimate | None = None
        self.batch, self.room = QSpinBox(), QSpinBox()
        self.batch.setObjectName("memory-batch")
        self.batch.setRange(1, 65536)
        self.room.setRange(1, 4096)
        self.room.setSuffix(tr(" GB"))
        self.room.setValue(round(room / GIGA) if room else _USUAL)
        self.precision, self.device = QComboBox(), QComboBox()
        for value in ("fp32", "bf16", "fp16"):
            self.precision.addItem(value, value)
        for value, words in (("cpu", "CPU"), ("cuda", "CUDA"), ("mps", "Apple")):
            self.device.addItem(words, value)
        self.device.setCurrentIndex(max(0, self.device.findData(device)))
        self.total, self.fits = label(role="title"), label(role="dim", wrap=True)
        self.bar = StackedBar(height=14)
        self._lay_out()
        self.batch.valueChanged.connect(self._choose_batch)
        for box in (self.precision, self.device):
            box.currentIndexChanged.connect(self._show)
        self.room.valueChanged.connect(self._show)

    def show_project(self, spec: ProjectSpec, analysis: Analysis) -> None:
        """Another state of the project."""
        first = self._spec is None
        self._spec, self._analysis = spec, analysis
        if not self._batch_chosen:
            self.batch.blockSignals(True)
            self.batch.setValue(spec.training.batch_size)
            self.batch.blockSignals(False)
        if first:
            wanted = spec.training.precision
            if wanted == "auto":
                wanted = "bf16" if self.device.currentData() == "cuda" else "fp32"
            self.precision.setCurrentIndex(max(0, self.precision.findData(wanted)))
        self._show()

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(label(tr("Memory while training"), "title"))
        line.addSpacing(8)
        for words, widget in (
            (tr("Batch"), self.batch), (tr("Precision"), self.precision), (tr("Device"), self.device),
            (tr("with"), self.room),
        ):  # fmt: skip
            line.addWidget(label(words, "dim"))
            widget.setAccessibleName(words)
            line.addWidget(widget)
        line.addStretch(1)
        line.addWidget(self.total)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(scaled(6))
        column.addLayout(line)
        column.addWidget(self.bar)
        column.addWidget(self.fits)

    def _choose_batch(self) -> None:
        self._batch_chosen = True
        self._show()

    def _show(self) -> None:
        if self._spec is None or self._analysis is None:
            return
        found = training_memory(
            self._spec, self._analysis, self.batch.value(), self.precision.currentData(), self.device.currentData()
        )
        self.estimate = found
        tokens = theme()
        whole = max(1, found.total)
        self.bar.set_parts([
            _part(size, colour, words, whole)
            for size, colour, words in (
                (found.weights, tokens.shared, tr("Weights")), (found.gradients, "#5BC0C9", tr("Gradients")),
                (found.optimizer, "#9C8CF2", tr("Optimizer")), (found.activations, "#4C9BE8", tr("Activations")),
                (found.context, "#B8B04A", tr("Libraries")),
            )
            if size
        ])  # fmt: skip
        self.total.setText(tr("about {size}", size=figures.memory(found.total)))
        room = self.room.value() * GIGA
        largest = found.largest_batch(room)
        self.total.setProperty("role", "bad" if found.total > room else "title")
        self.total.style().polish(self.total)
        values = {"room": figures.memory(room), "n": largest}
        self.fits.setText(
            tr("Does not fit into {room}, not even with a batch of 1.", **values)
            if largest < 1
            else tr("Does not fit into {room}; the largest batch that fits is {n}.", **values)
            if found.total > room
            else tr("Fits into {room}; the largest batch that fits is {n}. An estimate: leave some room.", **values)
        )


def _part(size: int, colour: str, words: str, whole: int) -> Part:
    text = tr("{name} · {size}", name=words, size=figures.memory(size))
    return Part(size, colour, text if size >= 0.08 * whole else "", text)
