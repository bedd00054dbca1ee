"""A folder per class, below splits or not."""

from __future__ import annotations

from collections import Counter

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.data.interface import layout
from mtlstudio.data.project import open_source
from mtlstudio.data.propose import recognise


def opened(make):
    dataset = recognise(make.root)
    assert dataset.layout == "class_folders"
    return open_source(dataset, make.root)


def counted(source) -> Counter:
    (info,) = source.targets
    names = info.parameters["class_names"]
    return Counter((names[sample.labels["class"]], sample.split) for sample in source.samples)


def test_flat_classes_agree_with_torchvision(make):
    from torchvision.datasets import ImageFolder

    for name in ("cat", "dog", "eel"):
        make.pictures(f"{name}/{i}.png" for i in range(3))
    source = opened(make)
    reference = ImageFolder(str(make.root))
    assert list(source.targets[0].parameters["class_names"]) == reference.classes
    assert [(str(sample.path), sample.labels["class"]) for sample in source.samples] == reference.samples


def test_classes_are_in_natural_order(make):
    for name in ("c10", "c9", "b"):
        make.pictures([f"{name}/1.png", f"{name}/2.png"])
    assert opened(make).targets[0].parameters["class_names"] == ("b", "c9", "c10")


@pytest.mark.parametrize(
    "words", [("train", "val", "test"), ("Training", "Validation", "Testing"), ("train", "valid", "test"), ("seg_train/seg_train", "val", "seg_test/seg_test")],
)  # fmt: skip
@pytest.mark.parametrize("base", ["", "archive/"])
def test_split_folders_give_the_splits(make, words, base):
    for split, count in zip(words, (3, 1, 2), strict=True):
        for name in ("cat", "dog"):
            make.pictures(f"{base}{split}/{name}/{split.replace('/', '')}{i}.jpg" for i in range(count))
    expected = {("train", 3), ("val", 1), ("test", 2)}
    assert counted(opened(make)) == {(name, split): n for split, n in expected for name in ("cat", "dog")}


def test_splits_below_the_classes(make):
    for name in ("cat", "dog"):
        make.pictures([f"{name}/train/1.jpg", f"{name}/train/2.jpg", f"{name}/test/3.jpg"])
    assert counted(opened(make)) == {("cat", "train"): 2, ("cat", "test"): 1, ("dog", "train"): 2, ("dog", "test"): 1}


def test_a_class_may_be_called_train(make):
    for name in ("bus", "car", "train"):
        make.pictures([f"{name}/1.jpg", f"{name}/2.jpg"])
    assert counted(opened(make)) == {("bus", None): 2, ("car", None): 2, ("train", None): 2}


def test_classes_of_classes_are_two_targets(make):
    for name in ("cat/persian", "cat/bengal", "dog/pug", "dog/boxer"):
        make.pictures([f"{name}/1.jpg", f"{name}/2.jpg"])
    source = opened(make)
    names = {info.id: info.parameters["class_names"] for info in source.targets}
    assert names == {"group": ("cat", "dog"), "class": ("bengal", "boxer", "persian", "pug")}
    persian = next(sample for sample in source.samples if "persian" in sample.key)
    assert dict(persian.labels) == {"group": 0, "class": 2}


def test_pictures_deep_inside_a_class_count(make):
    for name in ("n01", "n02"):
        make.pictures([f"train/{name}/images/{i}.jpg" for i in range(2)])
    assert counted(opened(make)) == {("n01", "train"): 2, ("n02", "train"): 2}


def test_empty_classes_and_loose_pictures_are_findings(make):
    make.pictures(["cat/1.jpg", "dog/1.jpg", "loose.jpg"])
    (make.root / "eel").mkdir()
    found = {problem.code: problem.text() for problem in opened(make).findings}
    assert "eel" in found["data.empty_class"] and "loose.jpg" in found["data.unlabelled"]


def test_equal_names_of_another_ending_are_two_samples(make):
    make.pictures(["cat/1.jpg", "cat/1.png", "dog/1.jpg"])
    keys = [sample.key for sample in opened(make).samples]
    assert len(set(keys)) == 3


def test_a_single_class_and_pictures_alone_are_not_understood(make):
    make.pictures(["cat/1.jpg", "cat/2.jpg"])
    with pytest.raises(StudioError, match="not understood"):
        recognise(make.root)
    with pytest.raises(StudioError, match="no class folders"):
        layout("class_folders").open(make.root, {})


def test_images_and_labels_folders_are_no_classes(make):
    make.pictures(["images/1.jpg", "masks/other.jpg"])
    with pytest.raises(StudioError, match="not understood"):
        recognise(make.root)
