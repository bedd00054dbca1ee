"""What the layers make of a chosen sample, for the window: worked out in a thread, the newest request wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.jobs import Jobs, Token

if TYPE_CHECKING:
    from mtlstudio.inspection.bench import Bench, Observation, Specimen
    from mtlstudio.inspection.microscope import Slide


class ActivationSession(QObject):
    """Observations of samples. The compiled network is kept between them.

    Attributes:
        observation: the last one; None before the first.

    Signals:
        shown: an `Observation`.
        failed: the sentence says why there is none.
        magnified: (the `Observation` it belongs to, a `Slide`).
    """

    shown = Signal(object)
    failed = Signal(str)
    magnified = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(1, self)
        self.observation: Observation | None = None
        self._bench: list[Bench] = []  # made in the thread: its module imports torch

    def request(self, spec: ProjectSpec, specimen: Specimen, run: RunFolder | None) -> None:
        """Observes a sample in the network of a design; with the weights of a run where they fit."""
        benches = self._bench
        self.jobs.cancel("magnify")
        self.jobs.submit(
            lambda token: _observe(benches, spec, specimen, run, token), self._show, self._fail, key="observe"
        )

    def magnify(self, layer_id: str, name: str) -> None:
        """A convolution of a layer is wanted under the microscope, for the last observation."""
        observation, benches = self.observation, self._bench
        if observation is not None and benches:
            self.jobs.submit(
                lambda token: benches[0].slide(layer_id, name),
                lambda slide: self._give(observation, slide),
                self._fail,
                key="magnify",
            )

    def pause(self) -> None:
        """What is under way is not wanted any more."""
        self.jobs.cancel("observe")
        self.jobs.cancel("magnify")

    def forget(self) -> None:
        """Gives the memory back."""
        self.pause()
        self.observation = None
        self._bench = []

    def _show(self, observation: Observation) -> None:
        self.observation = observation
        self.shown.emit(observation)

    def _give(self, observation: Observation, slide: Slide) -> None:
        if observation is self.observation:
            self.magnified.emit(observation, slide)

    def _fail(self, error: StudioError) -> None:
        self.failed.emit(error.text())


def _observe(
    benches: list[Bench], spec: ProjectSpec, specimen: Specimen, run: RunFolder | None, token: Token
) -> Observation:
    from mtlstudio.inspection.bench import Bench

    if not benches:
        benches.append(Bench())
    return benches[0].observe(spec, specimen, run, token.check)
