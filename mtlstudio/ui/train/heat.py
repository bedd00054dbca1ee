"""The losses of many tasks as a picture: a row per task, the steps across. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mtlstudio.runs.events import RunStarted
from mtlstudio.ui.train.growing import Numbers
from mtlstudio.ui.train.ranking import first_loss
from mtlstudio.ui.train.series import RunSeries

MOST = 240
"""Columns at most; from then on each stands for twice as many steps."""
LEVELS = 255
_OCTAVES_DOWN, _OCTAVES_UP = 4.0, 2.0


class Heat:
    """Mean losses by task and column, brought up to date with the steps that have come since.

    Attributes:
        width: steps of a column.
    """

    def __init__(self) -> None:
        self._origin: tuple[RunSeries | None, RunStarted | None] = (None, None)
        self._tasks: tuple[str, ...] = ()
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self.width, self._done = 1, 0
        self._sums: Numbers = np.zeros((len(self._tasks), 0))
        self._counts: Numbers = np.zeros((len(self._tasks), 0))

    def update(self, series: RunSeries) -> None:
        """Takes in what is new of a run."""
        count = len(series.step)
        origin = (series, series.started)  # a resume takes steps back
        if origin != self._origin:
            self._origin, self._tasks = origin, series.spec.task_ids
            self.clear()
        while -(-count // self.width) > MOST:
            self._halve()
        if count == self._done:
            return
        first = self._done // self.width
        start = first * self.width
        edges = np.arange(0, count - start, self.width)
        values = np.stack([series.curves[task].raw.values[start:count] for task in self._tasks])
        there = np.isfinite(values)
        sums = np.add.reduceat(np.where(there, values, 0.0), edges, axis=1)
        counts = np.add.reduceat(there.astype(float), edges, axis=1)
        self._sums = np.concatenate((self._sums[:, :first], sums), axis=1)
        self._counts = np.concatenate((self._counts[:, :first], counts), axis=1)
        self._done = count

    @property
    def columns(self) -> int:
        """How many there are."""
        return self._sums.shape[1]

    def losses(self) -> Numbers:
        """(tasks, columns) mean losses; NaN where a task had no targets."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self._sums / np.where(self._counts > 0, self._counts, np.nan))

    def relative(self) -> Numbers:
        """(tasks, columns) losses over the mean of the task's first eight."""
        series = self._origin[0]
        if series is None:
            return np.zeros((0, 0))
        firsts = np.array([first_loss(series, task) for task in self._tasks])
        return self.losses() / np.where(firsts > 0, firsts, np.nan)[:, None]

    def steps(self, column: int) -> tuple[int, int]:
        """First and last step of a column."""
        series = self._origin[0]
        assert series is not None
        values = series.step.values
        start = min(column * self.width, len(values) - 1)
        return int(values[start]), int(values[min(start + self.width, len(values)) - 1])

    def _halve(self) -> None:
        """Each column stands for twice as many steps."""
        odd = self._sums.shape[1] % 2
        paired = [np.pad(part, ((0, 0), (0, odd))) for part in (self._sums, self._counts)]
        self._sums, self._counts = (part[:, 0::2] + part[:, 1::2] for part in paired)
        self.width *= 2


def levels(relative: Numbers) -> NDArray[np.uint8]:
    """Places in a table of colours: 0 unknown, 1 a sixteenth of the start or less, 128 as at the start, 255 four times
    that or more; even steps on a logarithmic scale on either side."""
    with np.errstate(invalid="ignore", divide="ignore"):
        octaves = np.log2(relative)
    scaled = np.where(octaves < 0, octaves / _OCTAVES_DOWN, octaves / _OCTAVES_UP).clip(-1.0, 1.0)
    return np.where(np.isfinite(relative), np.round(128 + 127 * np.nan_to_num(scaled)), 0).astype(np.uint8)


def table(colour_of: Sequence[int]) -> list[int]:
    """The table of colours for `levels`: transparent, then one colour per level.

    Args:
        colour_of: 0xAARRGGBB from the best (1) to the worst (255).
    """
    assert len(colour_of) == LEVELS
    return [0, *colour_of]
