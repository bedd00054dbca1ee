"""What targets are made of over several splits together: pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mtlstudio.data.statistics import TaskReport


def balance_of(task: TaskReport, split: str) -> dict[str, Any]:
    """The balance of one split, or of all where `split` is ""; {} where nothing is known.

    Of all splits: counts add up, shares of pixels are weighted by the masks measured, means and deviations are those of
    all values together.
    """
    if split:
        return dict(task.balance.get(split, {}))
    parts = [dict(values) for values in task.balance.values()]
    merged: dict[str, Any] = {}
    for name in ("counts", "known"):
        if any(name in part for part in parts):
            merged[name] = _added([part.get(name, {}) for part in parts])
    if any("pixel_shares" in part for part in parts):
        merged |= _shares([part for part in parts if "pixel_shares" in part])
    if any("values" in part for part in parts):
        names = dict.fromkeys(name for part in parts for name in part.get("values", {}))
        merged["values"] = {
            name: _numbers([part["values"][name] for part in parts if name in part.get("values", {})]) for name in names
        }
    return merged


def _added(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for part in counts for name in part)
    return {name: sum(part.get(name, 0) for part in counts) for name in names}


def _shares(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A share is of the known pixels of a split: it weighs as its masks and their known part."""
    masks = [float(part.get("masks", 1)) for part in parts]
    ignored = [float(part.get("ignored_share", 0.0)) for part in parts]
    known = [count * (1 - share) for count, share in zip(masks, ignored, strict=True)]
    names = dict.fromkeys(name for part in parts for name in part["pixel_shares"])
    total = sum(known) or 1.0
    shares = dict.fromkeys(names, 0.0)
    for part, weight in zip(parts, known, strict=True):
        for name, share in part["pixel_shares"].items():
            shares[name] += share * weight / total
    all_masks = sum(masks) or 1.0
    return {
        "pixel_shares": shares,
        "ignored_share": sum(share * count for share, count in zip(ignored, masks, strict=True)) / all_masks,
        "masks": int(sum(masks)),
    }


def _numbers(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    known = [part for part in parts if part["count"]]
    count = sum(part["count"] for part in known)
    if not count:
        return {"count": 0, "mean": None, "sd": None, "min": None, "max": None}
    mean = sum(part["count"] * part["mean"] for part in known) / count
    squares = sum(part["count"] * (part["sd"] ** 2 + (part["mean"] - mean) ** 2) for part in known) / count
    return {
        "count": count, "mean": mean, "sd": math.sqrt(squares), "min": min(part["min"] for part in known),
        "max": max(part["max"] for part in known),
    }  # fmt: skip
