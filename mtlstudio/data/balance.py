"""What targets are made of: classes counted, pixels shared out, numbers summed up, by the form of the raw values.

Works on raw targets (see `Reading`) with numpy alone, so that `mtlstudio data` needs no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.project.spec import TaskSpec


def balance(task: TaskSpec, values: Sequence[Any]) -> dict[str, Any]:
    """One task's targets in one split, as plain JSON values.

    Returns:
        `counts` by class name for classes and labels (labels also `known`), `pixel_shares` by class name and
        `ignored_share` for masks, `values` by value name with `count`, `mean`, `sd`, `min`, `max` for numbers; {} for
        no values and for pictures. Strings: `counts` of their symbols and their `lengths`.
    """
    if not values:
        return {}
    names = tuple(task.parameters.get("class_names", ()))
    if isinstance(values[0], str):
        return _strings(tuple(task.parameters.get("symbols", ())), values)
    first = np.asarray(values[0])
    if first.ndim > 2:
        return {}
    if first.ndim == 0:
        return {"counts": _class_counts(names, values)}
    if first.ndim == 1 and names:
        return _label_counts(names, np.stack(values))
    if first.ndim == 1:
        columns = np.stack(values).astype(np.float64)
        return {
            "values": {name: _numbers(columns[:, i]) for i, name in enumerate(_value_names(task, columns.shape[1]))}
        }
    if first.dtype.kind == "f":
        return {"values": {str(task.parameters.get("unit", "value")) or "value": _map_numbers(values)}}
    return _pixel_shares(names, values, task.parameters.get("ignore_index"))


def _class_counts(names: Sequence[str], values: Sequence[Any]) -> dict[str, int]:
    counts = np.bincount(np.asarray(values, np.int64), minlength=len(names))
    return {_called(names, index): int(count) for index, count in enumerate(counts)}


def _strings(symbols: Sequence[str], texts: Sequence[str]) -> dict[str, Any]:
    single = all(len(symbol) == 1 for symbol in symbols)
    strings = [list("".join(text.split())) if single else text.split() for text in texts]
    found = Counter(symbol for string in strings for symbol in string)
    lengths = np.array(list(map(len, strings)), np.float64)
    return {"counts": {name: found[name] for name in symbols or sorted(found)}, "lengths": _numbers(lengths)}


def _label_counts(names: Sequence[str], labels: NDArray[np.float32]) -> dict[str, Any]:
    counts = {name: int((labels[:, i] > 0.5).sum()) for i, name in enumerate(names)}
    known = {name: int((~np.isnan(labels[:, i])).sum()) for i, name in enumerate(names)}
    return {"counts": counts, "known": known}


def _pixel_shares(names: Sequence[str], masks: Sequence[Any], ignore: int | None) -> dict[str, Any]:
    counts = np.zeros(max(len(names), *(int(mask.max(initial=0)) + 1 for mask in masks)), np.int64)
    for mask in masks:
        found = np.bincount(mask.ravel(), minlength=1)
        counts[: len(found)] += found
    total = int(counts.sum())
    ignored = 0
    if ignore is not None and ignore < len(counts):
        ignored, counts[ignore] = int(counts[ignore]), 0
    known = max(int(counts.sum()), 1)
    shares = {_called(names, i): float(n / known) for i, n in enumerate(counts) if i < len(names) or n}
    return {"pixel_shares": shares, "ignored_share": ignored / max(total, 1), "masks": len(masks)}


def _numbers(column: NDArray[np.float64]) -> dict[str, float | int | None]:
    known = column[np.isfinite(column)]
    if not known.size:
        return {"count": 0, "mean": None, "sd": None, "min": None, "max": None}
    return {
        "count": int(known.size), "mean": float(known.mean()), "sd": float(known.std()),
        "min": float(known.min()), "max": float(known.max()),
    }  # fmt: skip


def _map_numbers(maps: Sequence[Any]) -> dict[str, float | int | None]:
    thinned = [np.asarray(values, np.float64)[::4, ::4].ravel() for values in maps]
    return _numbers(np.concatenate(thinned)) | {"count": len(maps)}


def _value_names(task: TaskSpec, count: int) -> list[str]:
    names = list(task.parameters.get("value_names", ()))
    return [names[i] if i < len(names) else str(i) for i in range(count)]


def _called(names: Sequence[str], index: int) -> str:
    return names[index] if index < len(names) else str(index)
