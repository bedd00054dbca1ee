"""Short trials of the project's network for the window, in a thread, leaving no traces: costs of methods, learning rates.

Only one at a time, and none while a training or a study runs: starting one ends the trial, and waits until it has ended.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.session.training import State, TrainingSession

if TYPE_CHECKING:
    from mtlstudio.training.costs import MethodCost

Trial = Generator[Any, None, None]

POLL_MS = 60
_KEY = "trial"


class TrialSession(QObject):
    """Runs a generator in a thread and gives out what it yields on the GUI thread.

    Attributes:
        idle: set while no trial computes; a training waits for it.

    Signals:
        arrived(object): something was found.
        ended(str): nothing more comes; why, where it failed, else "".
    """

    arrived = Signal(object)
    ended = Signal(str)

    def __init__(self, training: TrainingSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self.jobs = Jobs(1, self)
        self.idle = threading.Event()
        self.idle.set()
        self._found: deque[tuple[Token, Any]] = deque()
        self._token: Token | None = None
        self._costs: tuple[object, dict[str, MethodCost]] = (None, {})
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._deliver)
        training.waits_for = self.idle
        training.state_changed.connect(self._training_changed)

    @property
    def busy(self) -> bool:
        """A trial is under way."""
        return self._token is not None

    @property
    def possible(self) -> bool:
        """Neither a training nor a study of this window is under way."""
        return not (self._training.is_training or self._training.occupied())

    def costs_of(self, basis: object) -> dict[str, MethodCost]:
        """What was measured of methods so far, by id, to be added to; empty after the basis of the costs has changed.

        Args:
            basis: equal as long as a step costs the same.
        """
        if self._costs[0] != basis:
            self._costs = (basis, {})
        return self._costs[1]

    def start(self, trial: Callable[[Token], Trial]) -> None:
        """Begins a trial in place of the one under way; `trial` is given a token that says whether to stop.

        Raises:
            StudioError: a training is under way.
        """
        if self._training.is_training or self._training.occupied():
            raise StudioError(mark("a training is under way"), fix=mark("Stop it first, or wait until it ends."))
        self.cancel()
        self._token = self.jobs.submit(lambda token: self._work(trial, token), self._finished, self._failed, _KEY)
        self._timer.start()

    def cancel(self) -> None:
        """Ends the trial under way; nothing more of it arrives."""
        if self._token is not None:
            self.jobs.cancel(_KEY)
            self._end("")

    def shut_down(self) -> None:
        """Ends the thread."""
        self.cancel()
        self.jobs.shut_down()

    def _work(self, trial: Callable[[Token], Trial], token: Token) -> None:
        self.idle.clear()
        try:
            token.check()
            with closing(trial(token)) as found:
                for item in found:
                    token.check()
                    self._found.append((token, item))
        finally:
            self.idle.set()

    def _deliver(self) -> None:
        while self._found:
            token, item = self._found.popleft()
            if token is self._token:
                self.arrived.emit(item)

    def _finished(self, _result: None) -> None:
        self._deliver()
        self._end("")

    def _failed(self, error: StudioError) -> None:
        self._deliver()
        self._end(error.text())

    def _end(self, why: str) -> None:
        self._token = None
        self._timer.stop()
        self.ended.emit(why)

    def _training_changed(self, state: str) -> None:
        if state == State.STARTING:
            self.cancel()
