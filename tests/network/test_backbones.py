"""Backbones are torchvision's, have a port per stage, and take trained weights or say why not.

CI looks at one network per family; `MTLSTUDIO_ALL_BACKBONES=1` looks at all 80.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import get_model, get_model_weights
from torchvision.models.feature_extraction import create_feature_extractor

from mtlstudio.base.errors import StudioError
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.backbone_table import FAMILIES
from mtlstudio.network.compile import compile_network
from mtlstudio.network.interface import BuildContext, layer_type, layer_types
from mtlstudio.network.weights import WeightsReport, load_pretrained, take
from mtlstudio.project.spec import ProjectSpec

FAMILY = {variant.id: family.id for family in FAMILIES for variant in family.variants}
SMALL = {  # of each family one that is quick to build
    "resnet18": ("relu", "layer1", "layer2", "layer3", "layer4"),
    "mobilenet_v3_small": ("features.0", "features.1", "features.3", "features.8", "features.12"),
    "mobilenet_v2": ("features.1", "features.3", "features.6", "features.13", "features.18"),
    "efficientnet_b0": ("features.1", "features.2", "features.3", "features.5", "features.8"),
    "convnext_tiny": ("features.1", "features.3", "features.5", "features.7"),
    "vgg11_bn": ("features.2", "features.6", "features.13", "features.20", "features.27", "features.28"),
    "densenet121": ("features.relu0", "features.denseblock1", "features.denseblock2", "features.denseblock3", "relu"),
    "regnet_y_400mf": ("stem", *(f"trunk_output.block{n}" for n in (1, 2, 3, 4))),
    "shufflenet_v2_x0_5": ("conv1", "maxpool", "stage2", "stage3", "conv5"),
    "mnasnet0_5": ("layers.7", "layers.8", "layers.9", "layers.11", "layers.16"),
    "squeezenet1_1": ("features.1", "features.4", "features.7", "features.12"),
    "googlenet": ("conv1", "conv3", "inception3b", "inception4e", "inception5b"),
    "alexnet": ("features.1", "features.4", "features.11", "features.12"),
    "swin_t": ("features.1", "features.3", "features.5", "norm"),
    "vit_b_32": ("encoder",),
    "maxvit_t": ("stem", "blocks.0", "blocks.1", "blocks.2", "blocks.3"),
}
"""Torchvision's name -> its own names of what each stage is, written down apart from the table of the product."""
HEADS = ("fc", "classifier", "head", "heads", "aux1", "aux2", "AuxLogits")
UNPOOLED = {
    "mobilenet_v2": "features", "mnasnet": "layers", "shufflenet": "conv5", "squeezenet": "features", "densenet": "relu",
}  # fmt: skip
"""Networks that pool by a function -> torchvision's name of what is pooled."""
UNPADDED = ("alexnet", "squeezenet", "inception")
ALL = os.environ.get("MTLSTUDIO_ALL_BACKBONES") == "1"
LOOKED_AT = [name for name in FAMILY if ALL or name in SMALL]


def project(drawn, network: str, **parameters: object) -> ProjectSpec:
    layer = drawn.add(FAMILY[network], "My backbone", drawn.input(), id="body", variant=network, **parameters)
    drawn.head(drawn.spec.tasks[0], layer)
    return drawn.spec.with_network(drawn.network())


def size_for(name: str) -> int:
    """A picture that is quick, and that torchvision itself takes."""
    if name.startswith("vit_h"):
        return 224
    return {"inception_v3": 139, "maxvit_t": 224, "vit_b_32": 224}.get(name, 224 if name.startswith("vit") else 64)


def reference(name: str) -> nn.Module:
    options = {"aux_logits": False, "init_weights": True} if name in ("googlenet", "inception_v3") else {}
    return get_model(name, weights=None, **options).eval()


def test_every_classification_network_of_torchvision_is_there() -> None:
    assert set(FAMILY) == set(torchvision.models.list_models(module=torchvision.models))
    families = {type_.id for type_ in layer_types() if type_.group == "backbone"}
    assert families == set(FAMILY.values())
    assert {FAMILY[name] for name in SMALL} == families


@pytest.mark.parametrize("name", LOOKED_AT)
def test_figures_are_those_that_torchvision_publishes(sketch, name) -> None:
    weights = get_model_weights(name)
    published = weights[next(iter(weights.__members__))]
    size = published.transforms().crop_size[0]
    report = analyze(project(sketch("kind", image_size=size), name), Memo()).layers["body"]
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        model = get_model(name, **({"init_weights": False} if name in ("googlenet", "inception_v3") else {}))
    rest = [part for part_name, part in model.named_children() if part_name in HEADS]
    weights_of_rest = sum(p.numel() for part in rest for p in part.parameters())
    if name not in ("googlenet", "inception_v3"):  # their published figures leave the auxiliary heads out
        assert report.parameters == published.meta["num_params"] - weights_of_rest
    convolved = 0.09 if name.startswith("squeezenet") else 0.0  # its classifier is a convolution
    linear = 0.0 if convolved else sum(p.numel() for part in rest for p in part.parameters() if p.ndim == 2) / 1e9
    if name not in ("googlenet", "inception_v3"):
        assert report.macs / 1e9 == pytest.approx(published.meta["_ops"] - linear - convolved, rel=0.01, abs=0.005)


def test_resnet18_sees_435_pixels(sketch) -> None:
    report = analyze(project(sketch("kind", image_size=512), "resnet18"), Memo()).layers["body"]
    assert report.receptive_field == 435


@pytest.mark.parametrize("name", LOOKED_AT)
def test_stage_n_has_the_size_divided_by_two_to_the_n(sketch, name) -> None:
    size = 224 if name == "vit_h_14" else 128
    spec = project(sketch("kind", image_size=size), name)
    shapes = analyze(spec, Memo()).layers["body"].output_shapes
    assert list(shapes) == [port.name for port in layer_type(FAMILY[name]).output_ports({"variant": name})]
    stages = {port: shape for port, shape in shapes.items() if port != "out"}
    for port, (_channels, height, width) in stages.items():
        expected = size / 2 ** int(port.removeprefix("stage"))
        assert height == width
        assert height == expected or (name.startswith(UNPADDED) and expected - 4 <= height < expected)
    assert not stages or shapes["out"] == list(stages.values())[-1]


@pytest.mark.parametrize(("name", "suffix"), list(zip(SMALL, cycle((".pth", ".safetensors")))))
def test_computes_at_every_stage_what_torchvision_computes_with_the_same_file(sketch, tmp_path, name, suffix) -> None:
    torch.manual_seed(1)
    model, size = reference(name), size_for(name)
    path = tmp_path / f"weights{suffix}"
    torch.save(model.state_dict(), path) if suffix == ".pth" else save_file(model.state_dict(), path)
    spec = project(sketch("kind", image_size=size), name, weights="file", weights_file=path.name)
    net = compile_network(spec).eval()
    report = load_pretrained(net, spec, tmp_path)["body"]
    assert report.is_whole and {weight.partition(".")[0] for weight in report.unused} <= set(HEADS)
    x = torch.randn(1, 3, size, size)
    with torch.no_grad():
        ours = net.layers["body"](x)
        theirs = traced(model, SMALL[name], x)
    stages = [port for port in ours if port != "out"]
    assert len(stages) == len(theirs)
    for port, expected in zip(stages, theirs, strict=True):
        torch.testing.assert_close(ours[port], expected, rtol=1e-4, atol=1e-5)
    assert ours["out"] is ours[stages[-1]]


def traced(model: nn.Module, nodes: tuple[str, ...], x: Tensor) -> list[Tensor]:
    """What torchvision's own forward passes at those places, as maps (N, C, H, W)."""
    if nodes == ("encoder",):
        tokens = create_feature_extractor(model, ["encoder"])(x)["encoder"][:, 1:]
        side = model.image_size // model.patch_size
        return [tokens.unflatten(1, (side, side)).permute(0, 3, 1, 2)]
    found = list(create_feature_extractor(model, list(nodes))(x).values())
    return [value.permute(0, 3, 1, 2) for value in found] if "norm" in nodes else found


@pytest.mark.skipif(not ALL, reason="minutes: set MTLSTUDIO_ALL_BACKBONES=1")
@pytest.mark.parametrize("name", FAMILY)
def test_all_compute_before_the_pooling_what_torchvision_computes(sketch, name) -> None:
    model, size = reference(name), size_for(name)
    net = compile_network(project(sketch("kind", image_size=size), name)).eval()
    report = take(net.layers["body"], model.state_dict())
    assert report.is_whole and {weight.partition(".")[0] for weight in report.unused} <= set(HEADS)
    x = torch.randn(1, 3, size, size)
    with torch.no_grad():
        ours = net.layers["body"](x)["out"]
        if name.startswith("vit"):
            (expected,) = traced(model, ("encoder",), x)
        else:
            seen: list[Tensor] = []
            pools = [m for m in model.modules() if isinstance(m, nn.AdaptiveAvgPool2d)]
            last = next((m for m in reversed(pools)), None)
            if last is not None and not name.startswith(tuple(UNPOOLED)):
                last.register_forward_hook(lambda _m, args, _out: seen.append(args[0]))
                model(x)
                expected = seen[-1]
            else:
                node = next(place for start, place in UNPOOLED.items() if name.startswith(start))
                expected = create_feature_extractor(model, [node])(x)
                expected = next(iter(expected.values()))
    torch.testing.assert_close(ours, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("size", "partition"), [(64, 2), (96, 3), (128, 4), (224, 7), (256, 8)])
def test_maxvit_divides_its_windows_by_what_the_picture_allows(size, partition) -> None:
    values = {"variant": "maxvit_t", "weights": "none", "weights_file": ""}
    with torch.device("meta"):
        module = layer_type("maxvit").build(values, {"in": ((3, size, size),)}, BuildContext(size))
    assert {part.max_seq_len for part in module.modules() if hasattr(part, "max_seq_len")} == {partition**2}


@pytest.mark.parametrize(("name", "size"), [("vit_b_32", 64), ("vit_b_16", 96), ("swin_t", 100), ("alexnet", 63)])
def test_other_sizes_than_those_it_was_trained_with(sketch, name, size) -> None:
    net = compile_network(project(sketch("kind", image_size=size), name)).eval()
    assert net({"image": torch.randn(1, 3, size, size)})["kind"].shape == (1, 3)


def test_positions_of_a_vision_transformer_stay_in_place_when_interpolated(sketch) -> None:
    """At twice the size, with an embedding that grows linearly over the grid, it still does."""
    net = compile_network(project(sketch("kind", image_size=448), "vit_b_32"))
    body = net.layers["body"]
    grid = torch.arange(7.0)[:, None].expand(7, 7).reshape(1, 49, 1).expand(1, 49, 768)
    with torch.no_grad():
        body.encoder.pos_embedding[:, 1:] = grid
        fitted = body._positions(14, 14)[0, 1:, 0].reshape(14, 14)
    inner = fitted[3:-3]
    torch.testing.assert_close(inner, inner[:, :1].expand(-1, 14))
    torch.testing.assert_close(inner.diff(dim=0), torch.full((7, 14), 0.5), rtol=0.1, atol=0.05)


def test_stages_can_be_connected_by_port(sketch) -> None:
    drawn = sketch("mask", image_size=64)
    body = drawn.add("resnet", "Body", drawn.input())
    up = drawn.add("unet_decoder", "Up", body, out_channels=8)
    drawn.connections.append(replace(drawn.connections[-1], source_port="stage4", target_port="skip"))
    drawn.head(drawn.spec.tasks[0], up)
    spec = drawn.spec.with_network(drawn.network())
    assert analyze(spec, Memo()).layers["up"].output_shape == (8, 4, 4)
    assert compile_network(spec)({"image": torch.randn(2, 3, 64, 64)})["mask"].shape == (2, 3, 64, 64)


def test_takes_pictures_of_another_number_of_channels(sketch) -> None:
    for name in ("resnet18", "mobilenet_v3_small", "efficientnet_b0", "shufflenet_v2_x0_5", "squeezenet1_1"):
        drawn = sketch("kind", image_size=32)
        drawn.spec = replace(drawn.spec, inputs=(replace(drawn.spec.inputs[0], channels=5),))
        net = compile_network(project(drawn, name)).eval()
        assert net({"image": torch.randn(1, 5, 32, 32)})["kind"].shape == (1, 3)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("place", ["relative", "absolute"])
def test_local_weights_are_loaded_and_each_is_accounted_for(sketch, tmp_path: Path, suffix, place) -> None:
    weights = {name: value.clone() for name, value in get_model("resnet18").state_dict().items()}
    weights["conv1.weight"] = torch.zeros(64, 4, 7, 7)
    del weights["bn1.bias"]
    path = tmp_path / f"模型 one{suffix}"
    torch.save({"state_dict": weights}, path) if suffix == ".pth" else save_file(weights, path)
    file = path.name if place == "relative" else str(path)
    spec = project(sketch("kind", image_size=32), "resnet18", weights="file", weights_file=file)
    net = compile_network(spec)
    report = load_pretrained(net, spec, tmp_path)["body"]
    assert report.other_size == ("conv1.weight",) and report.missing == ("bn1.bias",)
    assert set(report.unused) == {"fc.weight", "fc.bias"}
    state = net.layers["body"].state_dict()
    assert set(report.taken) == set(state) - {"conv1.weight", "bn1.bias"}
    assert all(torch.equal(state[name], weights[name]) for name in report.taken)


def test_compiling_alone_loads_nothing(sketch) -> None:
    spec = project(sketch("kind", image_size=32), "resnet18", weights="file", weights_file="nowhere.pth")
    assert not analyze(spec, Memo()).errors
    compile_network(spec)
    random = project(sketch("kind", image_size=32), "resnet18")
    assert load_pretrained(compile_network(random), random, Path()) == {}


def test_offline_the_message_names_the_layer_and_the_way_out(sketch, tmp_path, monkeypatch) -> None:
    def no_connection(*_args: object, **_kwargs: object) -> None:
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", no_connection)
    monkeypatch.setattr("torch.hub.urlopen", no_connection)
    spec = project(sketch("kind", image_size=32), "resnet18", weights="imagenet")
    net = compile_network(spec)
    with pytest.raises(StudioError) as caught:
        load_pretrained(net, spec, tmp_path)
    text = caught.value.text()
    assert text.startswith("My backbone: cannot download the weights of resnet18: no connection")
    assert "Choose a local weights file" in text


@pytest.mark.parametrize("prefix", ["module.", "backbone.", "encoder.", "module.model.backbone.", "layers.body."])
@pytest.mark.parametrize("wrapper", ["state_dict", "model", "model_state_dict"])
def test_what_training_scripts_wrap_around_the_weights_is_left_out_of_account(
    sketch, tmp_path, prefix, wrapper
) -> None:
    own = get_model("shufflenet_v2_x0_5").state_dict()
    torch.save({wrapper: {prefix + name: value for name, value in own.items()}, "epoch": 3}, tmp_path / "weights.pth")
    spec = project(sketch("kind"), "shufflenet_v2_x0_5", weights="file", weights_file="weights.pth")
    net = compile_network(spec)
    report = load_pretrained(net, spec, tmp_path)["body"]
    assert report.is_whole and set(report.unused) == {"fc.weight", "fc.bias"}
    torch.testing.assert_close(net.layers["body"].state_dict()["conv1.0.weight"], own["conv1.0.weight"])


def test_weights_of_a_vision_transformer_of_another_size_are_interpolated(sketch, tmp_path) -> None:
    own = {name: value.clone() for name, value in get_model("vit_b_32", image_size=96).state_dict().items()}
    old = {name.replace(".mlp.0.", ".mlp.linear_1.").replace(".mlp.3.", ".mlp.linear_2."): v for name, v in own.items()}
    torch.save(old, tmp_path / "weights.pth")
    spec = project(sketch("kind", image_size=64), "vit_b_32", weights="file", weights_file="weights.pth")
    assert load_pretrained(compile_network(spec), spec, tmp_path)["body"].is_whole


def test_a_report_reads_well_and_survives_the_log_of_a_run() -> None:
    report = WeightsReport(("a", "b"), ("c",), (), ("d", "e", "f"), "weights.pth")
    assert report.summary() == "2 weights taken, 1 of another size, started anew, 3 unused"
    assert report.text().splitlines()[:4] == ["Taken (2)", "  a", "  b", "Of another size, started anew (1)"]
    assert WeightsReport.from_plain(report.as_plain()) == report and not report.is_whole


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "there is no weights file"),
        (b"nonsense", "cannot be read as weights"),
        (b"", "cannot be read as weights"),
        ({"epoch": 3}, "cannot be read as weights"),
        ([1, 2], "cannot be read as weights"),
        ({"a.weight": torch.zeros(2)}, "none of the 1 weights in the file fits"),
    ],
)
def test_a_useless_file_is_refused_by_name(sketch, tmp_path: Path, content, words) -> None:
    path = tmp_path / "weights.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    spec = project(sketch("kind", image_size=32), "resnet18", weights="file", weights_file="weights.pth")
    with pytest.raises(StudioError) as caught:
        load_pretrained(compile_network(spec), spec, tmp_path)
    assert words in caught.value.text() and "My backbone" in caught.value.text()


def test_a_pickled_file_runs_no_code(sketch, tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "weights.pth")  # a whole module: needs unpickling of its class
    spec = project(sketch("kind", image_size=32), "resnet18", weights="file", weights_file="weights.pth")
    with pytest.raises(StudioError, match="cannot be read as weights"):
        load_pretrained(compile_network(spec), spec, tmp_path)
