"""The losses against torch's own on the present elements alone, and their gradients against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.segmentation import dice_score

from mtlstudio.tasks.losses import LOSSES, masked_mean

CLASSES = 4
NAN = float("nan")


@pytest.fixture(params=[(7,), (3, 5, 6)], ids=["vector", "map"])
def classes(request: pytest.FixtureRequest) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (N, K, …), classes and a mask (N, …); what is masked is nonsense."""
    draw = torch.Generator().manual_seed(3)
    count, *area = request.param
    output = torch.randn((count, CLASSES, *area), generator=draw)
    target = torch.randint(0, CLASSES, request.param, generator=draw)
    mask = torch.rand(request.param, generator=draw) < 0.6
    return output, torch.where(mask, target, 255), mask


@pytest.fixture
def numbers() -> tuple[Tensor, Tensor, Tensor]:
    """Output, target and mask (N, D); what is masked is not a number."""
    draw = torch.Generator().manual_seed(4)
    output, target = torch.randn((6, 3), generator=draw), torch.randn((6, 3), generator=draw)
    mask = torch.rand((6, 3), generator=draw) < 0.6
    return output, torch.where(mask, target, NAN), mask


def _chosen(output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The present elements alone: logits (M, K) and classes (M,)."""
    return output.movedim(1, -1)[mask], target[mask]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 1.0, 3.0]])
def test_cross_entropy_is_torchs_on_the_present(
    classes: tuple[Tensor, Tensor, Tensor], smoothing: float, weights: list[float] | None
) -> None:
    weight = None if weights is None else torch.tensor(weights)
    mine = LOSSES["cross_entropy"].function(*classes, class_weights=weight, label_smoothing=smoothing)
    theirs = functional.cross_entropy(*_chosen(*classes), weight=weight, label_smoothing=smoothing)
    assert torch.allclose(mine, theirs)


def test_focal_without_gamma_is_cross_entropy_and_with_it_looks_at_the_hard(
    classes: tuple[Tensor, Tensor, Tensor],
) -> None:
    focal = LOSSES["focal"].function
    logits, wanted = _chosen(*classes)
    each = functional.cross_entropy(logits, wanted, reduction="none")
    assert torch.allclose(focal(*classes, gamma=0.0), each.mean())
    right = logits.softmax(1).gather(1, wanted[:, None])[:, 0]
    assert torch.allclose(focal(*classes, gamma=2.0), ((1 - right).square() * each).mean())


def test_dice_is_one_minus_torchmetrics_score_for_certain_outputs(classes: tuple[Tensor, Tensor, Tensor]) -> None:
    output, target, mask = classes
    logits, wanted = _chosen(output, target, mask)
    there = wanted.unique()
    theirs = dice_score(
        logits.argmax(1)[None], wanted[None], CLASSES, average="none", include_background=True, input_format="index"
    )[0]  # fmt: skip
    assert torch.allclose(LOSSES["dice"].function(output * 1e4, target, mask), 1 - theirs[there].mean(), atol=1e-5)


def test_dice_leaves_out_classes_that_do_not_occur() -> None:
    output, mask = torch.randn((1, CLASSES, 4, 4)), torch.ones((1, 4, 4), dtype=torch.bool)
    target = torch.zeros((1, 4, 4), dtype=torch.int64)
    share = output.softmax(1)[:, 0].sum()
    assert torch.allclose(LOSSES["dice"].function(output, target, mask), 1 - 2 * share / (share + 16))


def test_bce_is_torchs_on_the_present(numbers: tuple[Tensor, Tensor, Tensor]) -> None:
    output, target, mask = numbers
    labels = torch.where(mask, (target > 0).float(), NAN)
    weight = torch.tensor([1.0, 4.0, 0.25])
    every = functional.binary_cross_entropy_with_logits(
        output, (target > 0).float(), pos_weight=weight, reduction="none"
    )
    assert torch.allclose(LOSSES["bce"].function(output, labels, mask, pos_weight=weight), every[mask].mean())


@pytest.mark.parametrize(
    ("loss", "reference"),
    [
        ("mse", functional.mse_loss),
        ("rmse", lambda output, target: functional.mse_loss(output, target).sqrt()),
        ("l1", functional.l1_loss),
        ("huber", lambda output, target: functional.huber_loss(output, target, delta=0.3)),
    ],
)
def test_losses_of_numbers_are_torchs_on_the_present(
    loss: str, reference: Callable[[Tensor, Tensor], Tensor], numbers: tuple[Tensor, Tensor, Tensor]
) -> None:
    output, target, mask = numbers
    parameters = {"delta": 0.3} if loss == "huber" else {}
    assert torch.allclose(LOSSES[loss].function(*numbers, **parameters), reference(output[mask], target[mask]))


@pytest.mark.parametrize("loss", sorted(LOSSES))
def test_gradients_are_those_of_finite_differences(loss: str) -> None:
    draw = torch.Generator().manual_seed(5)
    output = torch.randn((4, 3), generator=draw, dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([True, False, True, True])
    target = torch.tensor([0, 1, 2, 2])
    if loss in ("bce", "mse", "rmse", "l1", "huber"):
        target, mask = torch.rand((4, 3), generator=draw, dtype=torch.float64), mask[:, None].expand(4, 3)
    assert torch.autograd.gradcheck(lambda values: LOSSES[loss].function(values, target, mask), [output])


@pytest.mark.parametrize("loss", ["rmse", "mse", "l1", "huber", "focal", "cross_entropy", "dice"])
def test_a_perfect_output_has_a_finite_gradient(loss: str) -> None:
    if loss in ("focal", "cross_entropy", "dice"):
        target = torch.tensor([0, 1])
        output, mask = functional.one_hot(target, 3) * 200.0, torch.ones(2, dtype=torch.bool)
    else:
        target = torch.randn((2, 3))
        output, mask = target.clone(), torch.ones((2, 3), dtype=torch.bool)
    output = output.requires_grad_()
    parameters = {"gamma": 0.5} if loss == "focal" else {}
    value = LOSSES[loss].function(output, target, mask, **parameters)
    value.backward()
    assert float(value.detach()) == pytest.approx(0, abs=2e-6)
    assert output.grad is not None and output.grad.isfinite().all()


def test_the_mean_of_nothing_is_zero() -> None:
    values = torch.full((3,), NAN, requires_grad=True)
    mean = masked_mean(values, torch.zeros(3, dtype=torch.bool))
    mean.backward()
    assert float(mean.detach()) == 0 and values.grad is not None and (values.grad == 0).all()


@pytest.mark.parametrize("loss_id", sorted(LOSSES))
def test_sums_of_parts_add_up_to_the_whole_batch_and_so_do_their_gradients(
    loss_id: str, classes: tuple[Tensor, Tensor, Tensor], numbers: tuple[Tensor, Tensor, Tensor]
) -> None:
    loss = LOSSES[loss_id]
    of_classes = loss_id in ("cross_entropy", "focal", "dice")
    output, target, mask = classes if of_classes else numbers
    if loss_id == "bce":
        target = target.sigmoid()
    words = {"class_weights": torch.tensor([0.5, 2.0, 1.0, 3.0])} if loss_id == "cross_entropy" else {}
    mask[0] = False  # a part without any label
    whole = output.clone().requires_grad_()
    wanted = loss.function(whole, target, mask, **words)
    (wanted_slope,) = torch.autograd.grad(wanted, whole)
    pieces = [output[:1].clone(), output[1:2].clone(), output[2:].clone()]
    sums = [
        loss.sums(piece.requires_grad_(), part, known, **words)
        for piece, part, known in zip(pieces, target.split([1, 1, len(target) - 2]), mask.split([1, 1, len(mask) - 2]), strict=True)
    ]  # fmt: skip
    total = sum(part.detach() for part in sums)
    slopes = []
    for piece, own in zip(pieces, sums, strict=True):
        value = loss.value(own + (total - own.detach()))  # the whole batch's value, this part's gradient
        assert torch.allclose(value, wanted, atol=1e-6)
        slopes.append(torch.autograd.grad(value, piece)[0])
    assert torch.allclose(torch.cat(slopes), wanted_slope, atol=1e-6)
    assert loss.value(torch.zeros_like(total)) == 0.0
