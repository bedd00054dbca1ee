"""Backbones are torchvision's, have a port per stage, and take trained weights or say why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import get_model, get_model_weights

from mtlstudio.base.errors import StudioError
from mtlstudio.network.analyze import Memo, analyze
from mtlstudio.network.compile import compile_network
from mtlstudio.network.interface import layer_type, layer_types
from mtlstudio.network.weights import load_pretrained, take
from mtlstudio.project.spec import ProjectSpec

NAMES = [type_.id for type_ in layer_types() if type_.group == "backbone"]


def project(drawn, backbone: str, **parameters: object) -> ProjectSpec:
    layer = drawn.add(backbone, "My backbone", drawn.input(), id="body", **parameters)
    drawn.head(drawn.spec.tasks[0], layer)
    return drawn.spec.with_network(drawn.network())


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_those_that_torchvision_publishes(sketch, name) -> None:
    report = analyze(project(sketch("kind", image_size=224), name), Memo()).layers["body"]
    published = get_model_weights(name).DEFAULT.meta
    with torch.device("meta"):
        model = get_model(name)
    classifier = next(part for part_name, part in model.named_children() if part_name in ("fc", "classifier"))
    assert report.parameters == published["num_params"] - sum(p.numel() for p in classifier.parameters())
    linear = sum(p.numel() for p in classifier.parameters() if p.ndim == 2)
    assert report.macs / 1e9 == pytest.approx(published["_ops"] - linear / 1e9, abs=0.002)


def test_resnet18_sees_435_pixels(sketch) -> None:
    report = analyze(project(sketch("kind", image_size=512), "resnet18"), Memo()).layers["body"]
    assert report.receptive_field == 435


@pytest.mark.parametrize("name", NAMES)
def test_stage_n_has_the_size_divided_by_two_to_the_n(sketch, name) -> None:
    shapes = analyze(project(sketch("kind", image_size=64), name), Memo()).layers["body"].output_shapes
    assert list(shapes) == [port.name for port in layer_type(name).outputs]
    for port, (_channels, height, width) in shapes.items():
        stage = 5 if port == "out" else int(port.removeprefix("stage"))
        assert height == width == 64 // 2**stage
    assert shapes["out"] == shapes["stage5"]


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_large"])
def test_computes_what_torchvision_computes(sketch, name) -> None:
    net = compile_network(project(sketch("kind", image_size=64), name)).eval()
    model = get_model(name).eval()
    report = take(net.layers["body"], model.state_dict())
    assert not report.other_size and not report.missing
    assert {weight.partition(".")[0] for weight in report.unused} <= {"fc", "classifier"}
    x = torch.randn(1, 3, 64, 64)
    pooled: dict[str, torch.Tensor] = {}
    model.avgpool.register_forward_hook(lambda _m, args, _out: pooled.update(before=args[0]))
    model(x)
    torch.testing.assert_close(net.layers["body"](x)["out"], pooled["before"])


def test_stages_can_be_connected_by_port(sketch) -> None:
    drawn = sketch("mask", image_size=64)
    body = drawn.add("resnet18", "Body", drawn.input())
    up = drawn.add("unet_decoder", "Up", body, out_channels=8)
    drawn.connections.append(replace(drawn.connections[-1], source_port="stage4", target_port="skip"))
    drawn.head(drawn.spec.tasks[0], up)
    spec = drawn.spec.with_network(drawn.network())
    assert analyze(spec, Memo()).layers["up"].output_shape == (8, 4, 4)
    assert compile_network(spec)({"image": torch.randn(2, 3, 64, 64)})["mask"].shape == (2, 3, 64, 64)


def test_takes_pictures_of_another_number_of_channels(sketch) -> None:
    for name in NAMES[:3]:
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
