"""What the bench observes is what the network makes of the sample, with the weights that it names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch.nn import functional

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.inspection.activations import Activation, describe
from mtlstudio.inspection.bench import Bench, Specimen
from mtlstudio.inspection.microscope import rounded_to_sum
from mtlstudio.inspection.thumbnails import ABOVE, BELOW, thumbnail
from mtlstudio.network.compile import MultiTaskNetwork, compile_network
from mtlstudio.network.templates import template
from mtlstudio.project import edits
from mtlstudio.project.spec import DataSettings, ProjectSpec, TaskSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE, TRAINING_FILE
from mtlstudio.runs.folder import RunFolder, create_run

MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.25, 0.3)


@pytest.fixture
def spec() -> ProjectSpec:
    tasks = (
        TaskSpec("kind", "Kind", "classification", parameters=FrozenDict(class_names=("a", "b"))),
        TaskSpec("mask", "Mask", "segmentation", parameters=FrozenDict(class_names=("a", "b"))),
    )
    bare = ProjectSpec("p", tasks=tasks, data=DataSettings(image_size=32))
    return bare.with_network(template("unet").build(bare))


def specimen(seed: int = 0) -> Specimen:
    image = np.random.default_rng(seed).integers(0, 255, (32, 32, 3), np.uint8)
    return Specimen(f"s{seed}", f"Sample {seed}", lambda: image)


def trained(spec: ProjectSpec) -> MultiTaskNetwork:
    torch.manual_seed(5)
    network = compile_network(spec)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.rand(value.shape) + 0.5 if "var" in name else 0.2 * torch.randn(value.shape))
    return network.eval()


def run_of(folder: Path, spec: ProjectSpec, network: MultiTaskNetwork) -> RunFolder:
    run = create_run(folder, "first", spec)
    facts = {"mean": MEAN, "std": STD, "statistics": {}, "epoch": 4, "step": 8}
    with run.store.writing(8) as path:
        meta = {"facts": json.dumps(facts), "epoch": "4"}
        (path / NETWORK_FILE).write_bytes(safetensors.torch.save(network.state_dict(), meta))
        (path / TRAINING_FILE).write_bytes(b"x")
    return run


def outputs(network: MultiTaskNetwork, image: np.ndarray) -> dict[str, torch.Tensor]:
    mean, std = torch.tensor(MEAN).view(3, 1, 1), torch.tensor(STD).view(3, 1, 1)
    with torch.no_grad():
        pixels = torch.from_numpy(image.copy()).permute(2, 0, 1)[None].float() / 255
        return network({"image": (pixels - mean) / std})


def test_the_same_design_has_the_trained_weights_of_the_run(spec: ProjectSpec, tmp_path: Path) -> None:
    network = trained(spec)
    bench, sample = Bench(), specimen()
    found = bench.observe(spec, sample, run_of(tmp_path, spec, network))
    assert found.origin.text() == "trained weights of run first, epoch 4" and found.key == "s0"
    head = spec.network.output_of("kind")
    assert head is not None
    torch.testing.assert_close(
        torch.from_numpy(found.layers[head.layer].picture),
        outputs(network, sample.read())["kind"],
        atol=1e-5,
        rtol=1e-4,
    )
    other = bench.observe(spec, specimen(1), None)
    assert other.origin.text() == "untrained weights"
    assert not np.allclose(other.layers[head.layer].picture, found.layers[head.layer].picture)


def test_a_changed_design_inherits_in_part_and_says_so(spec: ProjectSpec, tmp_path: Path) -> None:
    run = run_of(tmp_path, spec, trained(spec))
    wide = next(layer for layer in spec.network.layers if "out_channels" in layer.parameters)
    found = Bench().observe(edits.set_parameters(spec, [wide.id], out_channels=24), specimen(), run)
    assert "inherited in part" in found.origin.text() and found.layers[wide.id].shape[0] == 24


def test_a_run_without_a_checkpoint_gives_untrained_weights_that_stay_the_same(
    spec: ProjectSpec, tmp_path: Path
) -> None:
    run = create_run(tmp_path, "empty", spec)
    before = torch.random.get_rng_state()
    first, second = (Bench().observe(spec, specimen(), run) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state()), "a training beside it draws other numbers"
    assert first.origin.text() == "untrained weights"
    assert all(np.array_equal(first.layers[i].picture, second.layers[i].picture) for i in first.layers)


def test_a_slide_tells_every_value_of_the_convolution(spec: ProjectSpec) -> None:
    bench = Bench()
    found = bench.observe(spec, specimen(), None)
    layer, names = next((layer, names) for layer, names in found.convolutions.items() if names)
    slide = bench.slide(layer, names[0])
    again = functional.conv2d(
        torch.from_numpy(slide.entering)[None], torch.from_numpy(slide.weight), torch.from_numpy(slide.bias),
        slide.stride, slide.before, slide.dilation, slide.groups,
    )[0]  # fmt: skip
    torch.testing.assert_close(torch.from_numpy(slide.leaving), again, atol=1e-5, rtol=1e-4)
    for place in ((0, 0, 0), (3, 2, 1)):
        one = slide.at(*place)
        assert one.value == pytest.approx(float(again[place]), abs=1e-5)
        places = one.decimals()
        assert round(sum(term.value for term in one.terms()), places) == round(one.value, places)
    with pytest.raises(StudioError, match="no convolution"):
        bench.slide("gone", "conv")


def test_errors_of_the_design_and_of_the_sample_are_told(spec: ProjectSpec) -> None:
    with pytest.raises(StudioError):
        Bench().observe(replace(spec, network=replace(spec.network, connections=())), specimen(), None)

    def unreadable() -> np.ndarray:
        raise StudioError("the picture cannot be read")

    with pytest.raises(StudioError, match="cannot be read"):
        Bench().observe(spec, replace(specimen(), read=unreadable), None)


@pytest.mark.parametrize(
    ("values", "total", "places"),
    [([0.1234, 0.1234], 0.2468, 3), ([1.0005, -0.0004, 2.2226], 3.2227, 3), ([0.4, 0.4, 0.4], 1.2, 0), ([5.0], 5.0, 2)],
)
def test_rounded_numbers_add_up_and_none_is_far_off(values: list[float], total: float, places: int) -> None:
    found = rounded_to_sum(values, total, places)
    assert round(sum(found), places) == round(total, places)
    assert all(abs(a - b) < 10.0**-places for a, b in zip(found, values, strict=True))


def _vector(*values: float) -> Activation:
    return describe(torch.tensor(values))


def test_thumbnails_are_normalised_and_small() -> None:
    ramp = describe(torch.arange(300.0 * 200).reshape(1, 300, 200))
    found = thumbnail(ramp)
    assert found.kind == "map" and max(found.pixels.shape) <= 96
    assert found.pixels[0, 0] == 0 and found.pixels[-1, -1] == 255
    assert (np.diff(found.pixels.astype(int), axis=0) >= 0).all()
    flat = thumbnail(describe(torch.full((2, 4, 4), float("inf"))))
    assert not flat.pixels.any()


def test_bars_rise_and_fall_with_their_values() -> None:
    found = thumbnail(_vector(*([1.0] * 15), *([-1.0] * 15)), high=20)
    assert found.kind == "bars" and found.pixels.shape == (20, 30)
    assert (found.pixels[:10, :15] == ABOVE).all() and (found.pixels[10:, 15:] == BELOW).all()
    assert not found.pixels[10:, :15].any() and not found.pixels[:10, 15:].any()
    many = thumbnail(_vector(*np.linspace(0, 1, 1000).tolist()))
    assert many.pixels.shape[1] <= 96 and (many.pixels[:, -1] == ABOVE).all()
