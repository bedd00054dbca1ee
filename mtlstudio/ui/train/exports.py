"""The curves as files: exactly the numbers that were measured."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.ui.train.series import TOTAL, RunSeries


def write_csv(path: Path, series: RunSeries, names: Sequence[str]) -> None:
    """Writes one line per measured step: step, epoch, seconds, and per curve its loss and, at the end of an epoch, the
    loss of the validation. Nothing is smoothed or rounded; what is missing is empty.

    Args:
        path: of the file.
        series: the run.
        names: task ids, `TOTAL` for the total.

    Raises:
        StudioError: the system refused.
    """
    columns = [name or "total" for name in names]
    validated = [_by_step(series, name) for name in names]
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(
                ["step", "epoch", "seconds", *(f"{c}.{kind}" for c in columns for kind in ("train", "val"))]
            )
            for index, step in enumerate(series.step.values.astype(int).tolist()):
                row = [step, repr(step / series.steps_per_epoch), repr(float(series.seconds.values[index]))]
                for name, values in zip(names, validated, strict=True):
                    row += [_exact(float(series.curves[name].raw.values[index])), _exact(values.get(step, math.nan))]
                writer.writerow(row)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StudioError(mark("cannot be written: {reason}"), where=str(path), reason=reason) from error


def all_names(series: RunSeries) -> tuple[str, ...]:
    """The total and every task."""
    return (TOTAL, *series.spec.task_ids)


def _by_step(series: RunSeries, name: str) -> dict[int, float]:
    validation = series.validation[name]
    return dict(zip(validation.step.values.astype(int).tolist(), validation.loss.values.tolist(), strict=True))


def _exact(value: float) -> str:
    return repr(value) if math.isfinite(value) else ""
