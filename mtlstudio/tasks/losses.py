"""The losses that task types offer: each the mean over *present* elements.

Every function takes `output`, `target` and `mask` (bool: the element counts) and returns a () float32. What is masked
gets a gradient of exactly zero whatever its target holds (NaN and infinity included), and whatever its output holds,
but for maps of classes, where masked outputs must be finite: a guard would cost as much as the loss itself. Where
nothing is present the value is 0 and so is the whole gradient. Nothing moves to the host: counts stay on the device.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.tasks.interface import LossDeclaration

if TYPE_CHECKING:
    from torch import Tensor

TINY = 1e-12
"""Keeps the root's gradient finite at zero."""


@dataclass(frozen=True)
class Loss:
    """A declared loss and the function that computes it; the function takes the declared parameters by name.

    Attributes:
        sums: the same arguments -> (n,) float32 that add up over the parts of a batch.
        value: (n,) sums of a whole batch -> what `function` gives for it, ().
    """

    declaration: LossDeclaration
    function: Callable[..., Tensor]
    sums: Callable[..., Tensor]
    value: Callable[[Tensor], Tensor]


def full_precision(output: Tensor) -> contextlib.AbstractContextManager[None]:
    """Switches autocast off: losses are sums over many elements and want float32."""
    import torch

    kind = output.device.type
    works = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
    return torch.autocast(kind, enabled=False) if works else contextlib.nullcontext()


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of the values where `mask`; 0 where there are none. Same shapes; returns ()."""
    import torch

    return _mean(torch.where(mask, values, 0.0), mask)


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    """The same for values that are 0 wherever they are masked."""
    return values.sum() / _number(mask)


def _number(mask: Tensor) -> Tensor:
    """How many are present, () int64, at least 1."""
    import torch

    return torch.count_nonzero(mask).clamp(min=1)


def _guarded(output: Tensor, mask: Tensor) -> Tensor:
    """Logits (N, K, …) with masked vectors set to 0, so that not even NaN gets through; maps as they are."""
    import torch

    return torch.where(mask.unsqueeze(1), output, 0.0) if output.dim() == 2 else output


def cross_entropy(
    output: Tensor, target: Tensor, mask: Tensor, *, class_weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy of classes, as torch's with reduction `mean`: weights of classes are divided out.

    Args:
        output: (N, K, …) logits.
        target: (N, …) int64; masked elements may hold anything.
        mask: (N, …) bool.
        class_weights: (K,) or None.
        label_smoothing: share of the target spread evenly over all classes.
    """
    import torch
    from torch.nn import functional

    total = functional.cross_entropy(
        _guarded(output, mask), torch.where(mask, target, -100), weight=class_weights, ignore_index=-100, reduction="sum",
        label_smoothing=label_smoothing,
    )  # fmt: skip
    if class_weights is None:
        return total / _number(mask)
    weights = torch.where(mask, class_weights[torch.where(mask, target, 0)], 0.0)
    return total / weights.sum().clamp(min=TINY)


def focal(output: Tensor, target: Tensor, mask: Tensor, *, gamma: float = 2.0) -> Tensor:
    """(1 − p)^γ · −log p of the true class; shapes as `cross_entropy`.

    Source: Lin et al., Focal Loss for Dense Object Detection, ICCV 2017. Softmax over the classes instead of the
    paper's independent sigmoids; no α.
    """
    import torch
    from torch.nn import functional

    logits = _guarded(output, mask)
    entropy = functional.cross_entropy(logits, torch.where(mask, target, -100), ignore_index=-100, reduction="none")
    rest = (1.0 - torch.exp(-entropy)).clamp(min=TINY)  # its power has no slope at 0 for γ < 1
    return masked_mean(rest**gamma * entropy, mask)


def bce(output: Tensor, target: Tensor, mask: Tensor, *, pos_weight: Tensor | None = None) -> Tensor:
    """Binary cross-entropy of logits (N, K) against targets (N, K) in 0..1; `pos_weight`: (K,) or None."""
    import torch
    from torch.nn import functional

    logits, wanted = torch.where(mask, output, 0.0), torch.where(mask, target, 0.0)
    losses = functional.binary_cross_entropy_with_logits(logits, wanted, pos_weight=pos_weight, reduction="none")
    return masked_mean(losses, mask)


def _difference(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """output − target where present, else 0: nothing is multiplied on the way back, so that no NaN gets through."""
    import torch

    return torch.where(mask, output - target, 0.0)


def mse(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean squared error; three tensors of one shape."""
    return _mean(_difference(output, target, mask).square(), mask)


def rmse(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Root of the mean squared error, √(mse + 1e-12), so that the gradient stays finite at 0; 0 where nothing is
    present."""
    import torch

    return torch.where(mask.any(), (mse(output, target, mask) + TINY).sqrt(), 0.0)


def l1(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error; three tensors of one shape."""
    import torch

    return torch.linalg.vector_norm(_difference(output, target, mask), 1) / _number(mask)


def huber(output: Tensor, target: Tensor, mask: Tensor, *, delta: float = 1.0) -> Tensor:
    """½ d² up to |d| = δ, then δ (|d| − ½ δ); three tensors of one shape."""
    import torch
    from torch.nn import functional

    difference = _difference(output, target, mask)
    losses = functional.huber_loss(difference, torch.zeros_like(difference), reduction="none", delta=delta)
    return _mean(losses, mask)


def dice(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """1 − mean over classes of 2 Σ p·t ÷ (Σ p + Σ t), sums over the present elements of the whole batch.

    Only classes that occur in the batch's targets count: of the others nothing can be said.

    Args:
        output: (N, K, …) logits.
        target: (N, …) int64; masked elements may hold anything.
        mask: (N, …) bool.

    Source: Milletari et al., V-Net, 3DV 2016. Plain sums in the denominator instead of the paper's squares.
    """
    shared, said, there = areas(output, target, mask)
    return masked_mean(1 - 2 * shared / (said + there).clamp(min=TINY), there > 0)


def areas(output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Per class, (K,) each, over the present elements: Σ p·t, Σ p, Σ t. Arguments as of `dice`."""
    import torch

    inside = mask.unsqueeze(1)
    shares = torch.where(inside, _guarded(output, mask).softmax(1), 0.0)
    truth = torch.zeros_like(shares).scatter_(1, torch.where(mask, target, 0).unsqueeze(1), inside.to(shares.dtype))
    axes = [axis for axis in range(output.dim()) if axis != 1]
    return (shares * truth).sum(axes), shares.sum(axes), truth.sum(axes)


def _of_mean(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The sums of a loss that is a mean over the elements that count: their total and their number."""

    def sums(output: Tensor, target: Tensor, mask: Tensor, **parameters: Any) -> Tensor:
        return mean_sums(function(output, target, mask, **parameters), mask)

    return sums


def mean_sums(mean: Tensor, mask: Tensor) -> Tensor:
    """(total, number) of a mean over the elements where `mask`."""
    import torch

    number = mask.sum().to(mean.dtype)
    return torch.stack((mean * number, number))


def mean_value(sums: Tensor) -> Tensor:
    """The mean of (total, number); 0 where there are none."""
    return sums[0] / sums[1].clamp(min=TINY)


def _cross_entropy_sums(
    output: Tensor, target: Tensor, mask: Tensor, *, class_weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Tensor:
    import torch

    mean = cross_entropy(output, target, mask, class_weights=class_weights, label_smoothing=label_smoothing)
    if class_weights is None:
        return mean_sums(mean, mask)
    weight = torch.where(mask, class_weights[torch.where(mask, target, 0)], 0.0).sum()
    return torch.stack((mean * weight, weight))


def _square_sums(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    return mean_sums(mse(output, target, mask), mask)


def _root_value(sums: Tensor) -> Tensor:
    import torch

    return torch.where(sums[1] > 0, (mean_value(sums) + TINY).sqrt(), 0.0)


def _dice_sums(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    import torch

    return torch.cat(areas(output, target, mask))


def _dice_value(sums: Tensor) -> Tensor:
    shared, said, there = sums.chunk(3)
    return masked_mean(1 - 2 * shared / (said + there).clamp(min=TINY), there > 0)


_BALANCED = FrozenDict(none=mark("None"), balanced=mark("Balanced"))

LOSSES: dict[str, Loss] = {
    loss.declaration.id: loss
    for loss in (
        Loss(
            LossDeclaration(
                "cross_entropy", mark("Cross-entropy"), mark("The usual loss for one of several classes."),
                (
                    Parameter(
                        "class_weights", "choice", "none", mark("Class weights"),
                        mark("Balanced: rare classes weigh more, by their number in the training data."),
                        choices=_BALANCED,
                    ),
                    Parameter(
                        "label_smoothing", "float", 0.0, mark("Label smoothing"),
                        mark("Share of the target spread evenly over all classes."), 0.0, 0.99, step=0.05,
                    ),
                ),
            ),
            cross_entropy, _cross_entropy_sums, mean_value,
        ),
        Loss(
            LossDeclaration(
                "focal", mark("Focal"), mark("Cross-entropy that looks away from what is easy."),
                (Parameter("gamma", "float", 2.0, mark("Gamma"), mark("0: plain cross-entropy."), 0.0, 10.0, step=0.5),),
            ),
            focal, _of_mean(focal), mean_value,
        ),
        Loss(
            LossDeclaration(
                "bce", mark("Binary cross-entropy"), mark("Each label by itself: yes or no."),
                (
                    Parameter(
                        "pos_weight", "choice", "none", mark("Weight of yes"),
                        mark("Balanced: rare labels weigh more, by their number in the training data."),
                        choices=_BALANCED,
                    ),
                ),
            ),
            bce, _of_mean(bce), mean_value,
        ),
        Loss(LossDeclaration("mse", mark("Squared error"), mark("Large errors count most.")), mse, _of_mean(mse), mean_value),
        Loss(
            LossDeclaration("rmse", mark("Root of squared error"), mark("In the unit of the target.")),
            rmse, _square_sums, _root_value,
        ),
        Loss(
            LossDeclaration("l1", mark("Absolute error"), mark("Outliers count no more than others.")),
            l1, _of_mean(l1), mean_value,
        ),
        Loss(
            LossDeclaration(
                "huber", mark("Huber"), mark("Squared for small errors, absolute for large ones."),
                (
                    Parameter(
                        "delta", "float", 1.0, mark("Delta"),
                        mark("Where it turns, in standard deviations of the target."), 1e-3, 1e3, step=0.1,
                    ),
                ),
            ),
            huber, _of_mean(huber), mean_value,
        ),
        Loss(
            LossDeclaration("dice", mark("Dice"), mark("Overlap of areas: small classes count as much.")),
            dice, _dice_sums, _dice_value,
        ),
    )
}  # fmt: skip


def offered(*ids: str) -> tuple[LossDeclaration, ...]:
    """The declarations of the losses of those ids."""
    return tuple(LOSSES[loss_id].declaration for loss_id in ids)
