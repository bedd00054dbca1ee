"""The reins of a run: what another thread may ask of a training while it runs."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.stages import TASK_STATES


class Control:
    """Thread-safe. The trainer looks at it between two steps.

    Attributes:
        loading: (pictures read, of how many) while the data is read, else None; for a progress bar.
    """

    def __init__(self) -> None:
        self.loading: tuple[int, int] | None = None
        self._changed = threading.Condition()
        self._paused = self._stopped = False
        self._weights: dict[str, float] = {}
        self._states: dict[str, str] = {}

    def pause(self) -> None:
        """Lets the run stand still after the current step, until `resume` or `stop`."""
        self._set(paused=True)

    def resume(self) -> None:
        """Lets a paused run go on."""
        self._set(paused=False)

    def stop(self) -> None:
        """Ends the run after the current step, with a checkpoint; it can be resumed later."""
        self._set(stopped=True)

    def set_weights(self, weights: Mapping[str, float]) -> None:
        """Changes λ of some tasks, by id, from the next step on.

        Raises:
            StudioError: a weight is negative or not a number.
        """
        for task, weight in weights.items():
            if not (math.isfinite(weight) and weight >= 0):
                raise StudioError(
                    mark("a loss weight must be a number of at least 0, not {value}"), where=task, value=weight
                )
        with self._changed:
            self._weights.update({task: float(weight) for task, weight in weights.items()})
            self._changed.notify_all()

    def set_states(self, states: Mapping[str, str]) -> None:
        """Trains, mutes or freezes some tasks, by id, from the next step on.

        Raises:
            StudioError: there is no such state.
        """
        for task, state in states.items():
            if state not in TASK_STATES:
                known = ", ".join(TASK_STATES)
                raise StudioError(
                    mark("a task cannot be {state!r}"),
                    where=task,
                    fix=mark("Known: {known}."),
                    state=state,
                    known=known,
                )
        with self._changed:
            self._states.update(states)
            self._changed.notify_all()

    @property
    def asked(self) -> bool:
        """Anything was asked for that has not been done yet."""
        return self._stopped or self._paused or bool(self._weights) or bool(self._states)

    @property
    def paused(self) -> bool:
        """A pause was asked for."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """A stop was asked for."""
        return self._stopped

    def take_weights(self) -> dict[str, float]:
        """The changes of λ since the last call (for the trainer)."""
        if not self._weights:
            return {}
        with self._changed:
            taken, self._weights = self._weights, {}
        return taken

    def take_states(self) -> dict[str, str]:
        """The changes of tasks' states since the last call (for the trainer)."""
        if not self._states:
            return {}
        with self._changed:
            taken, self._states = self._states, {}
        return taken

    def agree(self) -> None:
        """Called between any two steps: where several processes train together, they do what is asked after the same
        one (for the trainer)."""

    def wait(self, timeout: float | None = None) -> None:
        """Waits while paused and not stopped, at most `timeout` seconds (for the trainer)."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or self._stopped, timeout)

    def _set(self, *, paused: bool | None = None, stopped: bool | None = None) -> None:
        with self._changed:
            self._paused = self._paused if paused is None else paused
            self._stopped = self._stopped if stopped is None else stopped
            self._changed.notify_all()
