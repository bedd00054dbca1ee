"""How far an output is from that of a trained network, where both are distributions. Torch inside the functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

TEMPERATURE = 2.0


def kept_classes(output: Tensor, taught: Tensor) -> Tensor:
    """T² · mean KL(softmax(taught / T) ‖ softmax(output / T)) over the second dimension, T = 2.

    Args:
        output, taught: (N, C, …) scores.

    Returns:
        () float32, 0 where both agree.

    Source: Hinton et al. 2015, arXiv 1503.02531; Li & Hoiem 2016, arXiv 1606.09282, whose cross-entropy has the same
    gradient.
    """
    wanted = (taught.float() / TEMPERATURE).log_softmax(1)
    found = (output.float() / TEMPERATURE).log_softmax(1)
    return TEMPERATURE**2 * (wanted.exp() * (wanted - found)).sum(1).mean()


def kept_labels(output: Tensor, taught: Tensor) -> Tensor:
    """T² · mean KL of one label each, of scores (N, C, …) before the sigmoid: as `kept_classes` of two classes."""
    import torch

    pairs = (torch.stack((scores, torch.zeros_like(scores)), 1) for scores in (output, taught))
    return kept_classes(*pairs)
