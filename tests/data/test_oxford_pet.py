"""The Oxford-IIIT Pet layout, as published and in the subset at hand, traps included."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.data.interface import Source, layout
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import propose, recognise

PET = layout("oxford_pet")


@pytest.fixture(scope="module")
def source(pets: Path) -> Source:
    return PET.open(pets, {})


def sample_of(source: Source, key: str):
    return next(sample for sample in source.samples if sample.key == key)


def test_its_splits_and_targets_are_counted_as_its_readme_says(source):
    assert Counter(sample.split for sample in source.samples) == {"train": 300, "test": 149}
    heads = Counter(sample.split for sample in source.samples if "head" in sample.present)
    assert heads == {"train": 296}
    assert all({"species", "breed", "mask"} <= sample.present for sample in source.samples)


def test_breeds_are_contiguous_with_real_names(source):
    assert source.target("breed").parameters["class_names"] == ("Abyssinian", "american bulldog", "Bengal")
    labels = {sample.key.rpartition("_")[0]: sample.labels["breed"] for sample in source.samples}
    assert labels == {"Abyssinian": 0, "american_bulldog": 1, "Bengal": 2}
    species = {sample.key.rpartition("_")[0]: sample.labels["species"] for sample in source.samples}
    assert species == {"Abyssinian": 0, "american_bulldog": 1, "Bengal": 0}
    assert source.target("species").parameters["class_names"] == ("cat", "dog")


def test_labels_and_files_agree_with_torchvision(pets, source):
    from torchvision.datasets import OxfordIIITPet

    types = ["category", "binary-category", "segmentation"]
    for split, ours in (("trainval", "train"), ("test", "test")):
        reference = OxfordIIITPet(pets.parent, split, types, download=False)
        expected = {
            path.stem: (label, species) for path, label, species in zip(reference._images, reference._labels, reference._bin_labels, strict=True)
        }  # fmt: skip
        found = [sample for sample in source.samples if sample.split == ours]
        ids = sorted({label for label, _ in expected.values()})  # torchvision leaves the gaps in
        assert {s.key: (ids[s.labels["breed"]], s.labels["species"]) for s in found} == expected


def test_the_mask_is_the_trimap_with_its_border_ignored(source):
    for key in ("Abyssinian_100", "american_bulldog_10"):
        sample = sample_of(source, key)
        reading = source.read(sample)
        with Image.open(sample.extra["trimap"]) as trimap:
            stored = np.asarray(trimap)
        for value, index in ((1, 1), (2, 0), (3, 255)):
            assert np.array_equal(reading.targets["mask"] == index, stored == value)
        assert reading.image.shape[:2] == reading.targets["mask"].shape


def test_of_two_heads_the_larger_counts(source):
    assert sample_of(source, "Bengal_105").labels["head"] == ((49 + 111) / 2, (125 + 168) / 2, 62, 43)


def test_the_traps_are_found(source, codes):
    assert {sample.key for sample in source.samples}.isdisjoint({"Abyssinian_34"})
    found = {problem.code: problem.values for problem in source.findings}
    assert found["data.unlisted"]["names"] == "Abyssinian_34.jpg"
    assert found["data.other_format"]["format"] == "GIF"
    assert found["data.stray_files"]["names"] == "Abyssinian_100.mat"
    assert found["data.class_ids_renumbered"]["found"] == "1, 2, 6"
    assert found["data.several_boxes"]["names"] == "Bengal_105"


def test_new_proposes_the_four_tasks(pets, tmp_path):
    spec = propose("pets", [pets], tmp_path / "pets")
    assert [(task.id, task.name, task.type) for task in spec.tasks] == [
        ("species", "Species", "classification"),
        ("breed", "Breed", "classification"),
        ("mask", "Pet mask", "segmentation"),
        ("head", "Head box", "regression"),
    ]
    data = open_data(spec, tmp_path / "pets")
    assert {split: len(data.items(split)) for split in ("train", "val", "test")} == {
        "train": 255,
        "val": 45,
        "test": 149,
    }
    assert Counter(item.sample.labels["breed"] for item in data.items("val")) == {0: 15, 1: 15, 2: 15}
    head = data.coverage()["head"]
    assert head["test"] == 0 and head["train"] + head["val"] == 296 and head["val"] > 0


def published(make, base: str = "", annotations: str = "annotations", images: str = "images") -> None:
    """Four pictures as in the published archives."""
    lines = {"Birman_1": "8 1 7", "Birman_2": "8 1 7", "pug_3": "26 2 19", "pug_10": "26 2 19"}
    header = "#Image CLASS-ID SPECIES BREED ID\n#ID: 1:37 Class ids\n"
    make.text(f"{base}{annotations}/list.txt", header + "".join(f"{n} {ids}\n" for n, ids in lines.items()))
    make.text(f"{base}{annotations}/trainval.txt", "Birman_1 8 1 7\npug_3 26 2 19\n")
    make.text(f"{base}{annotations}/test.txt", "Birman_2 8 1 7\npug_10 26 2 19\n")
    for name in lines:
        make.picture(f"{base}{images}/{name}.jpg")
        make.mask(f"{base}{annotations}/trimaps/{name}.png", [1, 2, 3])
        make.text(f"{base}{annotations}/trimaps/._{name}.png", "left by another system")


def voc(*boxes: tuple[int, int, int, int]) -> str:
    corners = ("xmin", "ymin", "xmax", "ymax")
    inner = ["".join(f"<{c}>{v}</{c}>" for c, v in zip(corners, box, strict=True)) for box in boxes]
    return "<annotation>" + "".join(f"<object><bndbox>{one}</bndbox></object>" for one in inner) + "</annotation>"


@pytest.mark.parametrize(
    ("base", "annotations", "images"),
    [
        ("", "annotations", "images"),
        ("oxford-iiit-pet/", "annotations", "images"),
        ("some name/", "annotations", "images"),
        ("", "annotations/annotations", "images/images"),
        ("oxford-iiit-pet/", "annotations", "../images"),
    ],
)
def test_it_is_recognised_as_it_may_be_unpacked(make, base, annotations, images):
    published(make, base, annotations, images)
    assert recognise(make.root).layout == "oxford_pet"
    source = PET.open(make.root, {})
    assert [sample.key for sample in source.samples] == ["Birman_1", "Birman_2", "pug_3", "pug_10"]
    assert source.target("breed").parameters["class_names"] == ("Birman", "pug")
    assert source.read(source.samples[0]).targets["mask"].tolist()[0] == [1] * 8 + [0] * 8 + [255] * 8


def test_boxes_that_cannot_be_used_are_missing_and_named(make):
    published(make)
    make.text("annotations/xmls/Birman_1.xml", voc((5, 5, 5, 9)))
    make.text("annotations/xmls/pug_3.xml", "<annotation><object>")
    make.text("annotations/xmls/pug_10.xml", voc((0, 0, 4, 4), (0, 0, 10, 8)))
    source = PET.open(make.root, {})
    assert [sample.key for sample in source.samples if "head" in sample.present] == ["pug_10"]
    assert source.samples[-1].labels["head"] == (5, 4, 10, 8)
    bad = next(problem for problem in source.findings if problem.code == "data.bad_boxes")
    assert set(bad.values["names"].split(", ")) == {"Birman_1.xml", "pug_3.xml"}


def test_listed_pictures_that_are_missing_are_left_out_and_named(make):
    published(make)
    (make.root / "images/pug_3.jpg").unlink()
    (make.root / "annotations/trimaps/pug_10.png").unlink()
    source = PET.open(make.root, {})
    assert "pug_3" not in {sample.key for sample in source.samples}
    assert "mask" not in sample_of(source, "pug_10").present
    assert next(p for p in source.findings if p.code == "data.listed_missing").values["names"] == "pug_3"


def test_a_trimap_with_other_values_is_refused_but_the_picture_is_not(make):
    published(make)
    make.mask("annotations/trimaps/pug_3.png", [1, 2, 7])
    source = PET.open(make.root, {})
    with pytest.raises(StudioError, match="outside its classes: 7"):
        source.read(sample_of(source, "pug_3"))
    assert source.read_image(sample_of(source, "pug_3")).shape == (16, 24, 3)


def test_a_trimap_of_another_shape_is_refused(make):
    published(make)
    make.mask("annotations/trimaps/pug_3.png", [1, 2, 3], (9, 9))
    source = PET.open(make.root, {})
    with pytest.raises(StudioError, match="9 × 9"):
        source.read(sample_of(source, "pug_3"))


def test_without_any_listed_picture_it_says_so(make):
    published(make)
    for path in (make.root / "images").iterdir():
        path.rename(path.with_name(f"x{path.name}"))
    with pytest.raises(StudioError, match="none of the 4 listed pictures"):
        PET.open(make.root, {})


def test_pictures_beside_the_annotations_are_found_without_given_splits(make):
    published(make)
    for name in ("trainval.txt", "test.txt"):
        (make.root / "annotations" / name).unlink()
    source = PET.open(make.root, {})
    assert {sample.split for sample in source.samples} == {None}
