"""The reins of a run in several processes: what is asked of one is done by all, after the same step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mtlstudio.training.control import Control

if TYPE_CHECKING:
    from mtlstudio.training.several.group import Group

SECONDS = 0.2
"""About how often the processes ask one another."""
_MOST_STEPS = 500
_PAUSED_S = 0.5


class AgreedControl(Control):
    """Follows the reins of all processes (weights and states of tasks: of the first alone).

    The processes ask one another in every so manieth step only; how many, the first one decides by its clock.

    Args:
        asked: the reins of this process.
        group: of the processes.
    """

    def __init__(self, asked: Control, group: Group) -> None:
        super().__init__()
        self._asked, self._group = asked, group
        self._left = self._steps = 1
        self._clock = time.perf_counter()
        self._began = False
        self.exchanged = False

    @property
    def stopped(self) -> bool:
        """See `Control.stopped`; before the first step, while there is nothing to agree upon, that of this process."""
        return self._stopped or (not self._began and self._asked.stopped)

    def agree(self) -> None:
        """See `Control.agree`."""
        self._began = True
        self._left -= 1
        self.exchanged = self._left <= 0
        if self.exchanged:
            self._exchange()

    def wait(self, timeout: float | None = None) -> None:
        """See `Control.wait`: the first process stands still, the others at its answers."""
        while self._paused and not self._stopped:
            self._asked.wait(_PAUSED_S)
            self._exchange()

    def _exchange(self) -> None:
        now = time.perf_counter()
        each = (now - self._clock) / self._steps
        steps = max(1, min(_MOST_STEPS, round(SECONDS / max(each, 1e-6))))
        weights, states = self._asked.take_weights(), self._asked.take_states()
        own = steps if self._group.index == 0 else 0
        told = [self._asked.stopped, self._asked.paused, own, bool(weights or states)]
        stopped, paused, steps, changed = map(int, self._group.largest([float(value) for value in told]))
        if changed:
            weights, states = self._group.of_first((weights, states))
            self.set_weights(weights)
            self.set_states(states)
        self._set(paused=bool(paused), stopped=bool(stopped))
        self._left = self._steps = steps
        self._clock = time.perf_counter()
