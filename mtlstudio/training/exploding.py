"""Losses that are no numbers any more: what is passed over, what ends the run, and whose fault it was."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from statistics import median

from mtlstudio.base.texts import mark
from mtlstudio.training import notes
from mtlstudio.training.balancing.interface import Remark
from mtlstudio.training.checkpoints import NotFinite

PATIENCE = 10
"""So many such steps in a row end a run in fp16 too."""
_GREW = 10.0
_REMEMBERED = 32
_LEAST = 1e-8


class Explosions:
    """Looks at the losses of every step, when they are brought to the host.

    In fp16 a single batch can leave the range of numbers; the scaler then leaves out the optimizer's step, and the run
    goes on. In all other formats such a step has spoilt the weights.

    Args:
        tasks: ids, in the order of the rows.
        forgiving: the run has a scaler.
    """

    def __init__(self, tasks: Sequence[str], forgiving: bool) -> None:
        self._tasks, self._forgiving = tuple(tasks), forgiving
        self._in_a_row = self._passed_over = 0
        self._latest: deque[Sequence[float]] = deque(maxlen=_REMEMBERED)

    def end(self, rows: Sequence[Sequence[float]]) -> int | None:
        """Which of the measured steps ends the run, if one does.

        Args:
            rows: a row per step; the losses of the tasks come first.
        """
        for number, row in enumerate(rows):
            if all(map(math.isfinite, row)):
                self._in_a_row = 0
                self._latest.append(row)
                continue
            self._in_a_row += 1
            if not self._forgiving or self._in_a_row >= PATIENCE:
                return number
            self._passed_over += 1
        return None

    def fault(self, row: Sequence[float], step: int) -> NotFinite:
        """What ends the run, with the tasks named.

        Args:
            row: of the step, as in `end`.
            step: 1-based.
        """
        named = [task for task, value in zip(self._tasks, row, strict=False) if not math.isfinite(value)]
        if not named:
            return NotFinite(
                mark("the weighted total of the losses is no number any more (step {step}), though each loss is one"),
                fix=mark("Try another balancing method, or a lower learning rate."), step=step,
            )  # fmt: skip
        grown = self._grown() if len(named) > 1 else {}
        if grown:
            return NotFinite(
                mark("the loss of {tasks} is no number any more (step {step}); that of {grown} had grown to {times:.0f} times what it was"),
                fix=mark("Try a lower learning rate or gradient clipping, and look at the targets of {grown}."),
                tasks=", ".join(named), step=step, grown=", ".join(grown), times=max(grown.values()),
            )  # fmt: skip
        return NotFinite(
            mark("the loss of {tasks} is no number any more (step {step})"),
            fix=mark("Try a lower learning rate or gradient clipping, and look at the targets of {tasks}."),
            tasks=", ".join(named), step=step,
        )  # fmt: skip

    def remarks(self) -> list[Remark]:
        """What is worth noting at the end of an epoch."""
        count, self._passed_over = self._passed_over, 0
        return [(notes.STEPS_PASSED_OVER, {"n": count})] if count else []

    def _grown(self) -> dict[str, float]:
        """The tasks whose last loss was far above the ones before it, where that is not so of all: a spoilt trunk spoils
        them all, and the one that spoilt it had grown before."""
        if len(self._latest) < 2:
            return {}
        *before, last = self._latest
        usual = [max(median(row[place] for row in before), _LEAST) for place in range(len(self._tasks))]
        ratios = {task: last[place] / usual[place] for place, task in enumerate(self._tasks)}
        grown = {task: ratio for task, ratio in ratios.items() if ratio >= _GREW}
        return grown if len(grown) < len(self._tasks) else {}
