"""The validation after an epoch: losses and metrics per task at the network's size, outputs for the previews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mtlstudio.training.checkpoints import finite_or_none

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.training.feed import Fed, Feed
    from mtlstudio.training.ranks import Preview, Ranks
    from mtlstudio.training.setup import Parts


@dataclass
class Validation:
    """What a validation found.

    Attributes:
        losses: task id -> mean over present samples; None where there were none.
        metrics: task id -> metric id -> value.
        previews: sample key -> task id -> (1, C, …) output, of the preview samples.
    """

    losses: dict[str, float | None] = field(default_factory=dict)
    metrics: dict[str, dict[str, float | None]] = field(default_factory=dict)
    previews: dict[str, dict[str, Tensor]] = field(default_factory=dict)


def validate(parts: Parts, feed: Feed, with_previews: bool, cancelled: Callable[[], bool]) -> Validation | None:
    """Runs the validation split through the network. Returns None where it was cancelled.

    Args:
        parts: of the run; the network comes back in training mode.
        feed: of the split.
        with_previews: keeps the outputs of the preview samples.
        cancelled: asked between two batches.
    """
    import torch

    found = Validation()
    metrics = {task: bound.metrics() for task, bound in parts.tasks.items()}
    sums: dict[str, list[Tensor]] = {task: [] for task in parts.tasks}
    wanted = set(parts.previews) if with_previews else set()
    kept: dict[int, Preview] = {}
    first = 0
    parts.network.eval()
    try:
        with torch.inference_mode():
            for fed in feed.epoch(0):
                if cancelled():
                    return None
                with parts.precision.autocast():
                    outputs = parts.network(fed.batch.inputs)
                for task in fed.tasks:
                    bound, target, present = parts.tasks[task], fed.batch.targets[task], fed.batch.present[task]
                    with parts.ranks.joined():
                        loss = bound.loss(outputs[task], target, present)
                    sums[task].append(torch.stack((loss.value.float() * loss.count, loss.count.float())))
                    metrics[task].update(outputs[task].float(), target, present)
                _keep_previews(kept, fed, outputs, wanted, first, parts.ranks)
                first += len(fed.whole)
    finally:
        parts.network.train()
    parts.ranks.add_up(metrics.values())
    if with_previews:
        found.previews = dict(preview for _index, preview in sorted(parts.ranks.gathered(kept).items()))
    found.losses = {task: _mean(rows) for task, rows in sums.items()}
    found.metrics = {
        task: {name: finite_or_none(value) for name, value in measured.compute().items()}
        for task, measured in metrics.items()
        if sums[task]
    }
    return found


def _keep_previews(
    kept: dict[int, Preview], fed: Fed, outputs: dict[str, Tensor], wanted: set[int], first: int, ranks: Ranks
) -> None:
    for index in wanted:
        row, hand = divmod(index - first, ranks.count)
        if 0 <= index - first < len(fed.whole) and hand == ranks.index:
            key = fed.batch.keys[row]
            kept[index] = key, {task: output[row : row + 1].clone() for task, output in outputs.items()}


def _mean(rows: list[Tensor]) -> float | None:
    import torch

    if not rows:
        return None
    total, count = torch.stack(rows).double().sum(0).tolist() if rows[0].device.type != "mps" else (
        torch.stack(rows).sum(0).tolist()
    )  # fmt: skip
    return finite_or_none(total / count) if count else None
