"""MACHINE: how fast it goes, what the time is spent on, what the run is computed with."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.train.series import RunSeries
from mtlstudio.ui.train.words import clock, figure, gigabytes
from mtlstudio.ui.widgets.bars import Part, StackedBar
from mtlstudio.ui.widgets.common import column
from mtlstudio.ui.widgets.titles import FactList, SectionTitle


class MachineBox(QWidget):
    """The machine in figures, and a bar: time spent waiting for data beside time spent computing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shares = StackedBar(height=8)
        self.shares.setObjectName("loader-share")
        self.shares.setAccessibleName(tr("Waiting for data beside computing"))
        self.list = FactList(wrap=True)
        self.list.setObjectName("machine")
        self.setLayout(column(SectionTitle(tr("Machine")), self.shares, self.list, spacing=6))

    def refresh(self, series: RunSeries | None, device_memory: int) -> None:
        """Shows the newest facts of a run."""
        rates = series.rates() if series is not None else None
        self.shares.setVisible(rates is not None)
        if rates is not None:
            self.shares.set_parts(share_parts(rates[2]))
        self.list.set_facts(machine_facts(series, device_memory))


def share_parts(waiting: float) -> list[Part]:
    """The bar's parts.

    Args:
        waiting: share of the time spent waiting for data, 0 … 1.
    """
    waiting = min(1.0, max(0.0, waiting))
    tip = tr("Of the last seconds. Much waiting: more loading workers, smaller pictures or a faster disk help.")
    colour = "warning" if waiting > 0.25 else "shared"
    return [
        Part(1.0 - waiting, "accent", tr("computing {share}", share=f"{1 - waiting:.0%}"), tip),
        Part(waiting, colour, tr("waiting {share}", share=f"{waiting:.0%}"), tip),
    ]


def machine_facts(series: RunSeries | None, device_memory: int) -> list[tuple[str, str]]:
    """What the machine does and did the run with."""
    started = series.started if series is not None else None
    if series is None or started is None:
        return [(tr("Steps / s"), "—"), (tr("Images / s"), "—"), (tr("Loader waits"), "—")]
    rates = series.rates()
    ended = series.finished is not None or series.failed is not None
    facts = [
        (tr("Steps / s"), f"{rates[0]:.1f}" if rates else "—"),
        (tr("Images / s"), f"{rates[1]:.0f}" if rates else "—"),
        (tr("Loader waits"), f"{rates[2]:.0%}" if rates else "—"),
    ]
    if series.memory:
        whole = (
            f"{series.memory / 2**30:.1f} / {gigabytes(device_memory)}" if device_memory else gigabytes(series.memory)
        )
        facts.append((tr("GPU memory"), whole))
    facts += [
        (tr("Learning rate"), figure(series.learning_rate) if len(series.step) else "—"),
        (tr("Device"), started.device),
        (tr("Threads"), str(started.threads)),
        (tr("Precision"), started.precision),
        (tr("Seed"), str(series.spec.training.seed)),
        (tr("Parameters"), f"{started.parameters / 1e6:.2f} M"),
    ]
    if series.solver_failures:
        facts.append((tr("Solver failed"), tr("{n} of {all} steps", n=series.solver_failures, all=series.last_step)))
    if ended and series.finished is not None:
        facts.append((tr("Time"), clock(series.finished.seconds)))
    return facts
