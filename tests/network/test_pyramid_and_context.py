"""FPN steps, resizing and ASPP do what their papers' sums say, written with torch's functions alone."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from mtlstudio.network.modules.context import Aspp
from mtlstudio.network.modules.fusion import Joint
from mtlstudio.network.modules.pyramid import FpnStep, ResizeTo


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
@pytest.mark.parametrize("in_channels", [6, 5])
@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_an_fpn_step_adds_the_lateral_to_the_enlarged(mode, in_channels, smooth, size) -> None:
    module = FpnStep(in_channels, 4, 6, smooth, mode, "none")
    weights = module.state_dict()
    x, skip = torch.randn(2, in_channels, 4, 4), torch.randn(2, 4, *size)
    coarse = x if in_channels == 6 else F.conv2d(x, weights["match.weight"], weights["match.bias"])
    corners = {} if mode == "nearest" else {"align_corners": False}
    up = F.interpolate(coarse, size=size, mode=mode, **corners)
    expected = F.conv2d(skip, weights["lateral.conv.weight"], weights["lateral.conv.bias"]) + up
    if smooth:
        expected = F.conv2d(expected, weights["smooth.conv.weight"], weights["smooth.conv.bias"], padding=1)
    torch.testing.assert_close(module(x, skip), expected)


def test_an_fpn_step_agrees_with_torchvisions() -> None:
    from torchvision.ops import FeaturePyramidNetwork

    theirs = FeaturePyramidNetwork([4, 8], 6)
    top, step = FpnStep(6, 8, 6, False, "nearest", "none"), FpnStep(6, 4, 6, True, "nearest", "none")
    own = theirs.state_dict()
    for part in ("weight", "bias"):
        top.lateral.conv.state_dict()[part].copy_(own[f"inner_blocks.1.0.{part}"])
        step.lateral.conv.state_dict()[part].copy_(own[f"inner_blocks.0.0.{part}"])
        step.smooth.conv.state_dict()[part].copy_(own[f"layer_blocks.0.0.{part}"])
    fine, coarse = torch.randn(2, 4, 16, 16), torch.randn(2, 8, 8, 8)
    levels = theirs({"fine": fine, "coarse": coarse})
    torch.testing.assert_close(step(top.lateral(coarse), fine), levels["fine"])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_resizing_takes_nothing_but_the_size(mode) -> None:
    x, like = torch.randn(2, 3, 4, 5), torch.randn(2, 7, 6, 11, requires_grad=True)
    out = ResizeTo(mode)(x, like)
    assert out.shape == (2, 3, 6, 11)
    torch.testing.assert_close(out, ResizeTo(mode)(x, torch.zeros_like(like)))
    assert not out.requires_grad
    assert torch.equal(ResizeTo(mode)(x, torch.zeros(1, 1, 4, 5)), x)


def _branch(x: Tensor, weights: dict[str, Tensor], name: str, rate: int = 0) -> Tensor:
    return F.relu(
        F.conv2d(x, weights[f"{name}.conv.weight"], weights[f"{name}.conv.bias"], padding=rate, dilation=rate or 1)
    )


@pytest.mark.parametrize("rate", [1, 3, 40])
def test_aspp_of_one_rate_is_one_dilated_branch_beside_the_point_and_the_mean(rate) -> None:
    module = Aspp(5, 4, (rate,), True, 0.0, "none", "relu")
    weights, x = module.state_dict(), torch.randn(2, 5, 9, 7)
    mean = _branch(x.flatten(2).mean(2)[:, :, None, None], weights, "pooled").expand(-1, -1, 9, 7)
    beside = torch.cat([_branch(x, weights, "branches.0"), _branch(x, weights, "branches.1", rate), mean], dim=1)
    torch.testing.assert_close(module(x), _branch(beside, weights, "join"))


def test_aspp_without_rates_and_mean_is_two_point_convolutions() -> None:
    module = Aspp(5, 4, (), False, 0.0, "none", "relu")
    weights, x = module.state_dict(), torch.randn(2, 5, 6, 6)
    torch.testing.assert_close(module(x), _branch(_branch(x, weights, "branches.0"), weights, "join"))


def test_aspp_agrees_with_torchvisions_where_the_mean_branch_is_off() -> None:
    from torchvision.models.segmentation.deeplabv3 import ASPP

    theirs, ours = ASPP(8, [2, 4], 6).eval(), Aspp(8, 6, (2, 4), False, 0.0, "batch", "relu").eval()
    for index in range(3):
        for mine, other in ((0, 0), (1, 1)):
            ours.branches[index][mine].load_state_dict(theirs.convs[index][other].state_dict())
    x = torch.randn(2, 8, 10, 10)
    for index in range(3):
        torch.testing.assert_close(ours.branches[index](x), theirs.convs[index](x))
    weight = theirs.project[0].weight[:, : 3 * 6]
    ours.join.conv.weight.data.copy_(weight)
    ours.join.norm.load_state_dict(theirs.project[1].state_dict())
    theirs.convs[3][1].weight.data.zero_()  # its mean branch gives the norm's bias, 0, and relu keeps it
    torch.testing.assert_close(ours(x), theirs(x))


def test_aspp_trains_on_a_single_picture() -> None:
    out = Aspp(5, 4, (2,), True, 0.0, "batch", "relu").train()(torch.randn(1, 5, 6, 6))
    assert torch.isfinite(out).all()


def test_a_joint_layer_is_one_convolution_over_all_channels_at_the_largest_size() -> None:
    module = Joint(("task:a", "task:b"), 3 + 5, 4, False, "none", "none")
    weight, bias = module.join.conv.weight, module.join.conv.bias
    one, other = torch.randn(2, 3, 8, 8), torch.randn(2, 5, 4, 4)
    enlarged = F.interpolate(other, size=(8, 8), mode="bilinear", align_corners=False)
    expected = F.conv2d(one, weight[:, :3]) + F.conv2d(enlarged, weight[:, 3:], bias)
    out = module(one, other)
    assert out.keys() == {"task:a", "task:b"} and out["task:a"] is out["task:b"]
    torch.testing.assert_close(out["task:a"], expected)


def test_a_joint_layer_of_vectors_is_linear_and_of_one_task_gives_one_tensor() -> None:
    module = Joint(("task:a",), 3, 4, True, "none", "none")
    x = torch.randn(2, 3)
    torch.testing.assert_close(module(x), x @ module.join[0].weight.T + module.join[0].bias)
