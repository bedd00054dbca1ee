"""Each layer type keeps what it declares, agrees with torch, and trains."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtlstudio.base.declare import complete, faults
from mtlstudio.base.resources import resource
from mtlstudio.network.interface import BuildContext, LayerType, Port, Shape, layer_type, layer_types
from mtlstudio.network.measure import measure
from mtlstudio.network.modules.basic import DropPath, largest_divisor

GROUPS = {
    "input", "convolution", "pooling", "resampling", "regularisation", "dense", "merge", "decoder", "sequence",
    "attention", "backbone", "between", "head",
}  # fmt: skip
VECTOR, SEQUENCE, MAP = (6,), (6, 8), (6, 8, 8)
FED: dict[str, dict[str, tuple[Shape, ...]]] = {
    "fully_connected": {"in": (VECTOR,)},
    "linear_head": {"in": (VECTOR,)},
    "recurrent": {"in": (SEQUENCE,)},
    "sequence_head": {"in": (SEQUENCE,)},
    "unet_decoder": {"in": (MAP,), "skip": ((6, 16, 16),)},
    "fpn_step": {"in": (MAP,), "skip": ((4, 16, 16),)},
    "resize_to": {"in": (MAP,), "like": ((4, 16, 16),)},
}
"""What layer types are fed that do not take one map at each port."""
WITHOUT_GRADIENT = {"stop_gradient"}
SIZES_ONLY = {"like"}
"""Ports that only the size is taken from."""
SMALL = [type_ for type_ in layer_types() if type_.group != "backbone"]
CONTEXT = BuildContext(32, output_channels=5, input_channels=(("image", 3),))


def ports_of(type_: LayerType) -> tuple[Port, ...]:
    """The input ports of a layer with its defaults; of one between tasks, those of two tasks."""
    defaults = complete(type_.parameters, {})
    return type_.input_ports(defaults, ("a", "b")) or (Port("in"),)


def fed(type_: LayerType) -> dict[str, tuple[Shape, ...]]:
    """Input port -> shapes that suit it."""
    return FED.get(type_.id) or {port.name: (MAP, MAP) if port.variadic else (MAP,) for port in ports_of(type_)}


def made(type_: LayerType) -> nn.Module:
    """A layer with its defaults."""
    values = complete(type_.parameters, {})
    type_.check(values, fed(type_), CONTEXT)
    return type_.build(values, fed(type_), CONTEXT)


def run(module: nn.Module, type_: LayerType, tensors: dict[str, list[torch.Tensor]]) -> list[torch.Tensor]:
    """All that comes out."""
    given = [
        (tensors[port.name] if port.variadic else tensors[port.name][0]) if port.name in tensors else None
        for port in ports_of(type_)
    ]
    out = module(*given)
    return list(out.values()) if isinstance(out, dict) else [out]


def tensors_for(type_: LayerType) -> dict[str, list[torch.Tensor]]:
    return {
        port: [torch.randn(2, *shape, requires_grad=True) for shape in shapes] for port, shapes in fed(type_).items()
    }


def built(type_id: str, *inputs: Shape, context: BuildContext = CONTEXT, **parameters: object) -> nn.Module:
    type_ = layer_type(type_id)
    values = complete(type_.parameters, parameters)
    shapes = {"in": inputs[:1], "skip": inputs[1:]} if type_id == "unet_decoder" else {"in": inputs}
    type_.check(values, shapes, context)
    return type_.build(values, shapes, context)


def shape_of(type_id: str, *inputs: Shape, **parameters: object) -> Shape:
    """Shape of the output on real tensors; the measurement must say the same."""
    module = built(type_id, *inputs, **parameters).eval()
    tensors = [torch.randn(2, *shape) for shape in inputs]
    type_ = layer_type(type_id)
    variadic = type_.inputs and type_.inputs[0].variadic
    out = module(tensors) if variadic else module(*tensors)
    shape = tuple(out.shape[1:])
    shapes = {"in": inputs[:1], "skip": inputs[1:]} if type_id == "unet_decoder" else {"in": inputs}
    values = complete(type_.parameters, parameters)
    ports = type_.inputs or (layer_type("norm").inputs[0],)
    assert measure(type_, values, shapes, CONTEXT, ports, type_.outputs).output_shapes["out"] == shape
    return shape


@pytest.mark.parametrize("type_", layer_types(), ids=lambda type_: type_.id)
def test_declares_words_icon_and_valid_defaults(type_: LayerType) -> None:
    assert type_.name and type_.summary.endswith(".") and type_.group in GROUPS
    assert (resource("icons") / f"{type_.icon}.svg").is_file()
    assert not faults(type_.parameters, {parameter.name: parameter.default for parameter in type_.parameters})
    for parameter in type_.parameters:
        assert parameter.label and parameter.help.endswith("."), parameter.name


@pytest.mark.parametrize("type_", SMALL, ids=lambda type_: type_.id)
def test_trains_on_two_samples_and_predicts_one(type_: LayerType) -> None:
    module, tensors = made(type_), tensors_for(type_)
    out = run(module, type_, tensors)
    if type_.id in WITHOUT_GRADIENT:
        assert not any(value.requires_grad for value in out)
        return
    sum(value.square().sum() for value in out).backward()
    for port, values in tensors.items():
        assert port in SIZES_ONLY or all(value.grad is not None for value in values), port
    for name, weight in module.named_parameters():
        assert weight.grad is not None and torch.isfinite(weight.grad).all(), name
    with torch.no_grad():
        run(module.eval(), type_, {port: [value[:1] for value in values] for port, values in tensors.items()})


@pytest.mark.parametrize("type_", SMALL, ids=lambda type_: type_.id)
def test_leaves_its_input_untouched(type_: LayerType) -> None:
    tensors = {port: [value.detach() for value in values] for port, values in tensors_for(type_).items()}
    before = {port: [value.clone() for value in values] for port, values in tensors.items()}
    run(made(type_), type_, tensors)
    for port, values in tensors.items():
        assert all(torch.equal(value, copy) for value, copy in zip(values, before[port], strict=True))


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_padding_same_divides_the_size_by_the_stride(size, kernel_size, stride, dilation) -> None:
    parameters = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation, "out_channels": 4}
    side = -(-size // stride)
    assert shape_of("convolution", (3, size, size), **parameters) == (4, side, side)
    assert shape_of("separable_convolution", (3, size, size), **parameters) == (4, side, side)


def test_even_kernels_keep_the_size_at_stride_one() -> None:
    assert shape_of("convolution", (3, 9, 9), kernel_size=4, out_channels=2) == (2, 9, 9)


def test_padding_valid_loses_the_border() -> None:
    shape = shape_of("convolution", (3, 9, 8), kernel_size=3, dilation=2, padding="valid", out_channels=2)
    assert shape == (2, 5, 4)


@pytest.mark.parametrize(("kernel_size", "stride"), [(2, 2), (3, 2), (4, 2), (3, 1), (5, 3), (2, 4)])
def test_transposed_convolution_multiplies_the_size(kernel_size, stride) -> None:
    shape = shape_of("transposed_convolution", (3, 5, 7), kernel_size=kernel_size, stride=stride, out_channels=4)
    assert shape == (4, 5 * stride, 7 * stride)


@pytest.mark.parametrize(
    ("type_id", "inputs", "parameters", "expected"),
    [
        ("residual_stage", [(3, 9, 9)], {"out_channels": 8, "stride": 2, "blocks": 3}, (8, 5, 5)),
        ("max_pool", [(3, 9, 9)], {}, (3, 4, 4)),
        ("max_pool", [(3, 8, 8)], {"kernel_size": 3, "stride": 2, "padding": 1}, (3, 4, 4)),
        ("avg_pool", [(3, 9, 9)], {"kernel_size": 3, "stride": 1}, (3, 7, 7)),
        ("global_pool", [(3, 9, 9)], {}, (3,)),
        ("global_pool", [(3, 9)], {}, (3,)),
        ("upsample", [(3, 5, 6)], {"scale_factor": 3, "mode": "bicubic"}, (3, 15, 18)),
        ("flatten", [(3, 5, 6)], {}, (90,)),
        ("fully_connected", [(9,)], {"out_features": 4}, (4,)),
        ("concatenate", [(3, 5, 5), (4, 5, 5)], {}, (7, 5, 5)),
        ("concatenate", [(3,), (4,)], {}, (7,)),
        ("add", [(3, 5, 5), (3, 5, 5), (3, 5, 5)], {}, (3, 5, 5)),
        ("unet_decoder", [(8, 4, 4)], {"out_channels": 6}, (6, 8, 8)),
        ("unet_decoder", [(8, 4, 4), (3, 7, 9)], {"out_channels": 6, "mode": "nearest"}, (6, 7, 9)),
        ("linear_head", [(9,)], {"dropout": 0.5}, (5,)),
        ("dense_head", [(9, 8, 8)], {}, (5, 32, 32)),
        ("dense_head", [(9, 8, 8)], {"hidden_channels": 4, "dropout": 0.1}, (5, 32, 32)),
        ("input", [(3, 32, 32)], {}, (3, 32, 32)),
    ],
)
def test_gives_the_shape_it_promises(type_id, inputs, parameters, expected) -> None:
    assert shape_of(type_id, *inputs, **parameters) == expected


@pytest.mark.parametrize("norm", ["batch", "group", "instance", "layer"])
def test_norms_agree_with_torch_on_maps(norm) -> None:
    x = torch.randn(3, 12, 5, 5)
    references = {
        "batch": nn.BatchNorm2d(12),
        "group": nn.GroupNorm(12, 12),
        "instance": nn.InstanceNorm2d(12),
    }
    ours = built("norm", (12, 5, 5), norm=norm)(x)
    if norm == "layer":  # torch knows it with the channels last
        reference = nn.LayerNorm(12, eps=1e-6)(x.movedim(1, -1)).movedim(-1, 1)
    else:
        reference = references[norm](x)
    torch.testing.assert_close(ours, reference)


def test_group_norm_takes_the_largest_groups_that_divide() -> None:
    assert [largest_divisor(channels, 32) for channels in (64, 48, 17, 37, 1, 90)] == [32, 24, 17, 1, 1, 30]
    module = built("norm", (48, 4, 4), norm="group", num_groups=32)
    assert isinstance(module, nn.GroupNorm) and module.num_groups == 24


@pytest.mark.parametrize("norm", ["batch", "group", "instance", "layer"])
def test_norms_work_on_sequences_as_on_maps_of_one_row(norm) -> None:
    x = torch.randn(3, 12, 7)
    ours = built("norm", (12, 7), norm=norm)(x)
    torch.testing.assert_close(ours, built("norm", (12, 1, 7), norm=norm)(x[:, :, None])[:, :, 0])


def test_a_dilated_residual_stage_sees_further_at_the_same_size() -> None:
    def reach(dilation: int) -> float:
        values = complete(layer_type("residual_stage").parameters, {"stride": 1, "blocks": 1, "dilation": dilation})
        type_ = layer_type("residual_stage")
        found = measure(type_, values, {"in": (MAP,)}, CONTEXT, type_.inputs, type_.outputs)
        assert found.output_shapes["out"] == (64, 8, 8)
        (way,) = found.reaches["out"] or ()
        assert way is not None
        return way.growth

    assert [reach(dilation) for dilation in (1, 2, 3)] == [4, 8, 12]  # two windows of 1 + 2 · dilation pixels


@pytest.mark.parametrize("norm", ["batch", "group", "layer"])
def test_norms_work_on_vectors(norm) -> None:
    out = built("norm", (12,), norm=norm)(torch.randn(4, 12))
    assert out.shape == (4, 12)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "hardswish", "sigmoid", "tanh"])
def test_activations_are_torchs(name) -> None:
    x = torch.randn(4, 3, 5, 5)
    torch.testing.assert_close(
        built("activation", (3, 5, 5), activation=name)(x), getattr(torch.nn.functional, name)(x)
    )
    convolution = built("convolution", (3, 5, 5), activation=name, norm="none", out_channels=3)
    torch.testing.assert_close(convolution(x), getattr(torch.nn.functional, name)(convolution.conv(x)))


def test_a_convolution_with_a_norm_needs_no_bias() -> None:
    assert built("convolution", (3, 5, 5)).conv.bias is None
    assert built("convolution", (3, 5, 5), norm="none").conv.bias is not None


def test_a_residual_stage_is_torchvisions_basic_layer() -> None:
    """Same weights, same numbers as ResNet-18's second stage."""
    from torchvision.models import resnet18

    reference = resnet18().layer2
    ours = built("residual_stage", (64, 8, 8), out_channels=128, blocks=2, stride=2)
    theirs = reference.state_dict()
    order = ["conv1", "bn1", "conv2", "bn2", "downsample"]
    values = [
        theirs[name] for block in ("0", "1") for part in order for name in theirs if name.startswith(f"{block}.{part}.")
    ]
    own = ours.state_dict()
    assert [value.shape for value in own.values()] == [value.shape for value in values]
    ours.load_state_dict(dict(zip(own, values, strict=True)))
    x = torch.randn(2, 64, 8, 8)
    torch.testing.assert_close(ours.eval()(x), reference.eval()(x))


def test_drop_path_keeps_the_mean_and_drops_whole_samples() -> None:
    torch.manual_seed(0)
    out = DropPath(0.25).train()(torch.ones(4000, 2, 2, 2))
    per_sample = out.flatten(1)
    assert ((per_sample == 0).all(1) | (per_sample == 1 / 0.75).all(1)).all()
    assert abs(out.mean().item() - 1) < 0.05
    assert torch.equal(DropPath(0.25).eval()(torch.ones(3)), torch.ones(3))


def test_spatial_dropout_zeroes_whole_maps() -> None:
    torch.manual_seed(0)
    out = built("dropout", (64, 4, 4), p=0.5, spatial=True).train()(torch.ones(2, 64, 4, 4)).flatten(2)
    assert ((out == 0).all(2) | (out != 0).all(2)).all() and (out == 0).any() and (out != 0).any()
    assert built("dropout", (64,), p=0.5, spatial=True)(torch.ones(2, 64)).shape == (2, 64)


def test_global_pool_is_mean_or_max() -> None:
    x = torch.randn(2, 3, 5, 7)
    torch.testing.assert_close(built("global_pool", (3, 5, 7))(x), x.flatten(2).mean(2))
    torch.testing.assert_close(built("global_pool", (3, 5, 7), mode="max")(x), x.flatten(2).max(2).values)
