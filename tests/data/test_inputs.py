"""Inputs beside the picture: turned with it, standardised by themselves, never made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.inputs import Moments, fit_input, standardised
from mtlstudio.data.loading import Batches, image_statistics, input_statistics
from mtlstudio.data.memory import load_split
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import propose
from mtlstudio.project.settings import DataSettings
from mtlstudio.project.spec import InputSpec, ProjectSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.registry import bind_all

DEPTH = InputSpec("depth", "Depth", "map", 1)


def folder(make, count: int = 12, without: tuple[int, ...] = ()) -> Path:
    """Grey pictures whose depth map holds ten times the picture's own levels plus 1, and masks."""
    for index in range(count):
        levels = np.random.default_rng(index).integers(0, 256, (24, 24), np.uint8)
        make.save(f"images/{index:02d}.png", Image.fromarray(np.repeat(levels[..., None], 3, 2)))
        make.mask(f"masks/{index:02d}.png", [0, 1], (24, 24))
        if index not in without:
            make.save(f"depth/{index:02d}.png", Image.fromarray(levels.astype(np.uint16) * 10 + 1))
    return make.root


def with_depth(root: Path, project: Path, **settings: object) -> ProjectSpec:
    """The project of that folder, with the depth as a second input instead of a task."""
    spec = propose("p", [root], project)
    depth = next(task.id for task in spec.tasks if task.type == "depth")
    targets = FrozenDict({task: target for task, target in spec.datasets[0].targets.items() if task != depth})
    dataset = replace(spec.datasets[0], targets=targets, inputs=FrozenDict(depth="depth"))
    tasks = tuple(task for task in spec.tasks if task.id != depth)
    data = replace(DataSettings(image_size=24), **settings)
    return replace(spec, inputs=(*spec.inputs, DEPTH), datasets=(dataset,), tasks=tasks, data=data)


def test_a_map_is_fitted_by_nearest_neighbour_and_what_is_unknown_stays_so() -> None:
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    values[0, 0] = np.inf
    square = fit_input(values, DEPTH, Fit(4, 4, 8))
    assert square.shape == (1, 8, 8) and square.dtype == np.float32
    assert np.isnan(square[0, :2, :2]).all() and set(np.unique(square[np.isfinite(square)])) == set(range(1, 16))
    bars = fit_input(values, DEPTH, Fit(4, 2, 8, "letterbox"))
    assert np.isnan(bars[0, :2]).all() and np.isnan(bars[0, 6:]).all()


def test_another_number_of_channels_is_refused_by_name() -> None:
    with pytest.raises(StudioError, match=r"Depth has the shape \(4, 4, 2\)"):
        fit_input(np.zeros((4, 4, 2)), DEPTH, Fit(4, 4, 8))


def test_moments_are_those_of_the_known_values() -> None:
    values = torch.randn((5, 2, 3, 3), generator=torch.Generator().manual_seed(0)) * 3 + 7
    values[0, 1] = float("nan")
    values[2, 0, 0, 0] = float("nan")
    moments = Moments(2)
    moments.add(values[:2])
    moments.add(values[2:])
    mean, std = moments.statistic()
    for channel in range(2):
        known = values[:, channel][values[:, channel].isfinite()].double().numpy()
        assert mean[channel] == pytest.approx(known.mean()) and std[channel] == pytest.approx(known.std())
    made = standardised(values, (mean, std))
    assert (made[0, 1] == 0).all() and made[2, 0, 0, 0] == 0 and made.isfinite().all()


def test_the_second_input_is_turned_with_the_picture(make, tmp_path: Path) -> None:
    spec = with_depth(folder(make), tmp_path / "p", flip_horizontal=0.5, flip_vertical=0.5, crop_scale=1.0, colour=0.0)
    data = open_data(spec, tmp_path / "p")
    tasks = bind_all(spec)
    train = load_split(data, "train", tasks, spec.data)
    mean, std = image_statistics(train)
    batches = Batches(
        train, tasks, spec.data, 4, augment=True, mean=mean, std=std, shuffle=True, beside=input_statistics(train)
    )
    seen = 0
    for batch in (batch for epoch in range(2) for batch in batches.epoch(epoch)):
        assert set(batch.inputs) == {"image", "depth"}
        torch.testing.assert_close(batch.inputs["depth"], batch.inputs["image"][:, :1], rtol=1e-3, atol=1e-3)
        seen += len(batch)
    assert seen == 2 * len(train)
    plain = next(iter(Batches(train, tasks, spec.data, 4, beside=input_statistics(train)).epoch(0)))
    first = next(iter(Batches(train, tasks, spec.data, 4, augment=True, beside=input_statistics(train)).epoch(0)))
    assert not torch.equal(plain.inputs["depth"], first.inputs["depth"])  # something was mirrored


def test_a_crop_cuts_the_same_part_out_of_both(make, tmp_path: Path) -> None:
    spec = with_depth(folder(make), tmp_path / "p", flip_horizontal=0.5, crop_scale=0.4, colour=0.5)
    data = open_data(spec, tmp_path / "p")
    train = load_split(data, "train", bind_all(spec), spec.data)
    ramp = torch.arange(24.0).repeat(24, 1)
    train.images[:] = (ramp * 10).byte()  # smooth, so that both ways to resize agree
    train.inputs["depth"][:] = ramp
    still = replace(spec.data, colour=0.0)
    batch = next(iter(Batches(train, {}, still, 8, augment=True, beside={"depth": ((0.0,), (1.0,))}).epoch(0)))
    difference = batch.inputs["image"][:, 0] * 255 / 10 - batch.inputs["depth"][:, 0]
    assert difference.abs().max() < 1
    loud = next(iter(Batches(train, {}, spec.data, 8, augment=True, beside={"depth": ((0.0,), (1.0,))}).epoch(0)))
    assert torch.equal(loud.inputs["depth"], batch.inputs["depth"])  # no colour jitter there
    assert not torch.equal(loud.inputs["image"], batch.inputs["image"])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_sample_without_its_second_input_is_left_out_and_told(make, tmp_path: Path, workers: int) -> None:
    spec = with_depth(
        folder(make, without=(1, 5)), tmp_path / "p", val_fraction=0.0, test_fraction=0.0, workers=workers
    )
    data = open_data(spec, tmp_path / "p")
    finding = next(problem for problem in data.findings if problem.code == "data.input_missing")
    assert finding.values["n"] == 2 and "05" in finding.text()
    assert len(load_split(data, "train", bind_all(spec), spec.data)) == 10


def test_a_damaged_second_input_is_left_out_and_told(make, tmp_path: Path, codes) -> None:
    root = folder(make)
    make.text("depth/03.png", "no picture at all")
    spec = with_depth(root, tmp_path / "p", val_fraction=0.0, test_fraction=0.0)
    data = open_data(spec, tmp_path / "p")
    train = load_split(data, "train", bind_all(spec), spec.data)
    assert len(train) == 11 and codes(train.findings) == ["data.input_unreadable"]
    assert "Depth" in train.findings[0].text() and "03.png" in train.findings[0].line()


def test_an_input_from_nowhere_is_named_and_stops_the_training(make, tmp_path: Path, codes) -> None:
    spec = with_depth(folder(make), tmp_path / "p")
    nowhere = replace(spec, datasets=(replace(spec.datasets[0], inputs=FrozenDict()),))
    data = open_data(nowhere, tmp_path / "p")
    assert "data.input_nowhere" in codes(data.findings)
    with pytest.raises(StudioError, match="none of the 8 pictures has the input Depth"):
        load_split(data, "train", bind_all(nowhere), nowhere.data)
    strange = replace(spec, datasets=(replace(spec.datasets[0], inputs=FrozenDict(depth="heat")),))
    assert "data.input_unknown" in codes(open_data(strange, tmp_path / "p").findings)


def test_a_picture_finds_its_companion_by_its_file(make, tmp_path: Path) -> None:
    root = folder(make)
    data = open_data(with_depth(root, tmp_path / "p"), tmp_path / "p")
    item = data.item_of(root / "images" / "../images/03.png")
    assert item is not None and item.sample.path == root / "images" / "03.png"
    levels = np.asarray(Image.open(root / "images" / "03.png"))[..., 0].astype(np.float32)
    given = data.read_inputs(item, 24, 24)["depth"]
    assert np.ptp(given / (levels * 10 + 1)) < 1e-5
    assert data.item_of(root / "depth" / "03.png") is None


def test_inputs_belong_to_the_fingerprint_only_where_there_are_any(make, tmp_path: Path) -> None:
    spec = with_depth(folder(make), tmp_path / "p")
    without = replace(spec, inputs=spec.inputs[:1], datasets=(replace(spec.datasets[0], inputs=FrozenDict()),))
    prints = [open_data(one, tmp_path / "p").fingerprint() for one in (spec, without)]
    assert prints[0] != prints[1]


def test_every_data_set_offers_the_picture_itself(make, tmp_path: Path) -> None:
    """Its target is the network's own input, changed alike but for the colours."""
    spec = with_depth(folder(make), tmp_path / "p", flip_horizontal=0.5, crop_scale=0.5, colour=0.0)
    task = replace(spec.tasks[0], id="again", type="reconstruction", parameters=FrozenDict())
    dataset = replace(spec.datasets[0], targets=FrozenDict(again="image"))
    spec = replace(spec, tasks=(task,), datasets=(dataset,))
    data = open_data(spec, tmp_path / "p")
    assert data.coverage()["again"]["train"] == len(data.items("train"))
    train = load_split(data, "train", bind_all(spec), spec.data)
    beside = input_statistics(train)
    batch = next(iter(Batches(train, bind_all(spec), spec.data, 8, augment=True, beside=beside).epoch(0)))
    assert torch.equal((batch.inputs["image"] * 255).round().byte(), batch.targets["again"])
    jittered = replace(spec.data, colour=0.8)
    other = next(iter(Batches(train, bind_all(spec), jittered, 8, augment=True, beside=beside).epoch(0)))
    assert torch.equal(other.targets["again"], batch.targets["again"])
    assert not torch.equal(other.inputs["image"], batch.inputs["image"])
