"""Strings of symbols from steps in time: connectionist temporal classification, edit distance.

Class 0 is the blank; symbol k of a task is class k + 1. A path (the best class of each step) is read by joining equal
neighbours and leaving the blanks out.

Source: Graves et al., "Connectionist Temporal Classification", ICML 2006.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mtlstudio.tasks.losses import masked_mean

if TYPE_CHECKING:
    from torch import Tensor


def steps_of(classes: Sequence[int]) -> int:
    """How many steps a string needs: one per symbol, and a blank between equal neighbours."""
    return len(classes) + sum(one == other for one, other in pairwise(classes))


def ctc(output: Tensor, target: Tensor, lengths: Sequence[int], mask: Tensor) -> Tensor:
    """−log p(string) ÷ length, mean over the strings that count; 0 where there are none.

    As torch's `ctc_loss` with reduction `mean` over these strings alone. What is masked gets no gradient, whatever its
    output holds.

    Args:
        output: (N, K, T) float32 logits.
        target: (N, M) int64 classes, 0 behind the end.
        lengths: of the N strings, on the host.
        mask: (N,) bool.
    """
    import torch
    from torch.nn import functional

    logits = torch.where(mask[:, None, None], output, 0.0)
    steps = logits.permute(2, 0, 1).log_softmax(2)
    every: Any = (output.shape[2],) * output.shape[0]
    ends: Any = tuple(lengths)
    losses = functional.ctc_loss(steps, target, every, ends, reduction="none", zero_infinity=True)
    return masked_mean(losses / (target > 0).sum(1).clamp(min=1), mask)


def path_distances(path: Tensor, target: Tensor) -> Tensor:
    """Edit distances between what paths say and true strings, without asking the device for a number.

    Args:
        path: (N, T) int64, the best class of each step.
        target: (N, M) int64 classes, 0 behind the end.

    Returns:
        (N,) int64: fewest symbols to insert, delete or replace (Levenshtein).
    """
    import torch

    places = torch.arange(target.shape[1] + 1, device=path.device)
    row = places.expand(target.shape[0], -1)
    before = torch.zeros_like(path[:, 0])
    for step in path.unbind(1):
        said = (step != 0) & (step != before)
        before = step
        kept = torch.minimum(row[:, 1:] + 1, row[:, :-1] + (target != step[:, None]))
        best = torch.cat((row[:, :1] + 1, kept), 1)
        best = (best - places).cummin(1).values + places  # insertions from left to right
        row = torch.where(said[:, None], best, row)
    return row.gather(1, (target > 0).sum(1, keepdim=True))[:, 0]


def distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Edit distance of two strings (Levenshtein)."""
    row = list(range(len(other) + 1))
    for place, symbol in enumerate(one, 1):
        diagonal, row[0] = row[0], place
        for index, wanted in enumerate(other, 1):
            diagonal, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, diagonal + (symbol != wanted))
    return row[-1]
