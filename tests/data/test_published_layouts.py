"""UTKFace, arrays in folders (NYUv2), Cityscapes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.data.project import open_data, open_source
from mtlstudio.data.propose import propose, recognise
from mtlstudio.data.statistics import report


def opened(make, layout: str):
    dataset = recognise(make.root)
    assert dataset.layout == layout
    return open_source(dataset, make.root)


def test_faces_tell_age_gender_and_race_by_their_names(make):
    names = ["100_1_0_20170112213500903", "1_0_4_20161219140623097", "39_1_20170116174525125", "61_3_20170109150557335"]
    names += [f"{20 + i}_0_2_2017011221350090{i}" for i in range(10)]
    make.pictures(f"UTKFace/{name}.jpg.chip.jpg" for name in names)
    source = opened(make, "utkface")
    found = {sample.path.name.split(".")[0]: dict(sample.labels) for sample in source.samples}
    assert found[names[0]] == {"age": (100.0,), "gender": 1, "race": 0}
    assert found[names[1]] == {"age": (1.0,), "gender": 0, "race": 4}
    assert found[names[2]] == {"age": (39.0,), "gender": 1}
    assert "race" not in found[names[3]] and "gender" not in found[names[3]]
    assert source.target("race").parameters["class_names"] == ("White", "Black", "Asian", "Indian", "Others")
    assert [problem.values["n"] for problem in source.findings] == [2]


@pytest.fixture
def nyu(make):
    """NYUv2 as published for multi-task learning, tiny."""
    for split, count in (("train", 4), ("val", 2)):
        for i in range(count):
            arrays = {
                "image": np.full((6, 8, 3), i / 10, np.float32),
                "label": np.where(np.arange(8) < 4, -1.0, 12.0)[None].repeat(6, 0),
                "depth": np.where(np.arange(8) < 2, 0.0, 1.5 + i)[None, :, None].repeat(6, 0),
                "normal": np.zeros((6, 8, 3), np.float32),
            }
            for kind, values in arrays.items():
                path = make.root / "nyuv2" / split / kind / f"{i}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, values)
    return make


def test_nyuv2_arrays_are_images_masks_and_depth(nyu):
    source = opened(nyu, "npy_folders")
    assert {info.id: info.task_type for info in source.targets} == {"label": "segmentation", "depth": "depth"}
    assert len(source.target("label").parameters["class_names"]) == 13
    assert [sample.split for sample in source.samples] == ["train"] * 4 + ["val"] * 2
    reading = source.read(source.samples[3])
    assert (reading.image == round(0.3 * 255)).all() and source.size(source.samples[3]) == (8, 6)
    assert reading.targets["label"][0].tolist() == [255] * 4 + [12] * 4
    depth = reading.targets["depth"]
    assert depth.shape == (6, 8) and np.isnan(depth[:, :2]).all() and (depth[:, 2:] == 4.5).all()
    assert [problem.values["names"] for problem in source.findings] == ["normal"]


def test_nyuv2_becomes_a_project_and_a_report(nyu, tmp_path):
    spec = propose("p", [nyu.root], tmp_path / "p")
    data = open_data(spec, tmp_path / "p")
    values = report(data, spec).as_json()
    assert values["samples"] == {"train": 3, "val": 2, "test": 1} and values["unreadable"] == []
    assert values["tasks"]["label"]["balance"]["val"]["pixel_shares"]["window"] == 1.0


def test_arrays_that_hold_objects_are_not_executed(nyu):
    path = nyu.root / "nyuv2/train/label/0.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    source = opened(nyu, "npy_folders")
    with pytest.raises(StudioError, match="cannot be read"):
        source.read(source.samples[0])
    assert source.read_image(source.samples[0]).shape == (6, 8, 3)


def test_arrays_outside_their_classes_are_refused(nyu):
    dataset = recognise(nyu.root)
    np.save(nyu.root / "nyuv2/train/label/0.npy", np.full((6, 8), 13.0))
    source = open_source(dataset, nyu.root)
    with pytest.raises(StudioError, match="has class 13"):
        source.read(source.samples[0])


def test_cityscapes_as_published(make):
    for split, city in (("train", "aachen"), ("val", "lindau"), ("test", "berlin")):
        for i in range(2):
            stem = f"{split}/{city}/{city}_{i:06d}_000019"
            make.picture(f"leftImg8bit/{stem}_leftImg8bit.png")
            make.mask(f"gtFine/{stem}_gtFine_labelIds.png", [7, 26, 4, 33])
            make.mask(f"gtFine/{stem}_gtFine_instanceIds.png", [7, 26001, 4, 33])
            make.colours(f"gtFine/{stem}_gtFine_color.png", [(128, 64, 128), (0, 0, 142)])
            disparity = np.full((16, 24), 257, np.uint16)
            disparity[:, :12] = 0
            make.save(f"disparity/{stem}_disparity.png", Image.fromarray(disparity))
    source = opened(make, "cityscapes")
    assert [sample.split for sample in source.samples] == ["test"] * 2 + ["train"] * 2 + ["val"] * 2
    assert ["mask" in sample.present for sample in source.samples] == [False] * 2 + [True] * 4
    names = source.target("mask").parameters["class_names"]
    targets = source.read(source.samples[2]).targets
    assert len(names) == 19 and names[13] == "car"
    assert targets["mask"][0].tolist() == [0] * 6 + [13] * 6 + [255] * 6 + [18] * 6
    assert np.isnan(targets["disparity"][0, 0]) and targets["disparity"][0, 20] == 1.0


def test_cityscapes_train_ids_are_read_alike(make):
    make.picture("leftImg8bit/train/ulm/ulm_0_leftImg8bit.png")
    make.mask("gtFine/train/ulm/ulm_0_gtFine_labelTrainIds.png", [0, 13, 255, 18])
    source = opened(make, "cityscapes")
    assert source.read(source.samples[0]).targets["mask"][0].tolist() == [0] * 6 + [13] * 6 + [255] * 6 + [18] * 6
