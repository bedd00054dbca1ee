"""Pictures with masks beside them, in the forms they are published in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.data.project import open_data, open_source
from mtlstudio.data.propose import propose, recognise

VOC_PALETTE = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]


def opened(make):
    """The data set as `new` would add it, and opened."""
    dataset = recognise(make.root)
    assert dataset.layout == "mask_folder"
    return open_source(dataset, make.root)


def splits(source) -> dict[str, list[str | None]]:
    return {sample.key.rpartition("/")[2]: sample.split for sample in source.samples}


def only_mask(source):
    """The class names, and the mask of the first picture's first row."""
    (info,) = source.targets
    assert (info.id, info.task_type) == ("mask", "segmentation")
    first = source.samples[0]
    return info.parameters["class_names"], source.read(first).targets["mask"][0].tolist()


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        ("images/a{i}.jpg", "masks/a{i}.png"),
        ("images/a{i}.jpg", "labels/a{i}.png"),
        ("images/a{i}.jpg", "annotations/a{i}_mask.png"),
        ("img/a{i}.jpg", "gt/a{i}_gt.png"),
        ("JPEGImages/a{i}.jpg", "SegmentationClass/a{i}.png"),
        ("Original/a{i}.tif", "Ground Truth/a{i}.tif"),
        ("a{i}.jpg", "masks/a{i}_label.png"),
        ("a{i}.jpg", "a{i}_mask.png"),
        ("deep/er/images/img{i}.jpg", "deep/er/masks/mask{i}.png"),
        ("segmentation set/pictures/a{i}.jpg", "segmentation set/masks/a{i}.png"),
        ("PNGImages/a{i}.png", "PedMasks/a{i}_mask.png"),
    ],
)
def test_masks_are_found_beside_their_pictures(make, pictures, masks):
    for i in range(4):
        make.picture(pictures.format(i=i))
        make.mask(masks.format(i=i), [0, 1, 1])
    source = opened(make)
    assert len(source.samples) == 4 and all(sample.present == {"mask"} for sample in source.samples)
    assert only_mask(source) == (("background", "foreground"), [0] * 8 + [1] * 16)


@pytest.mark.parametrize(
    "form",
    ["{split}/images/{name}.jpg {split}/masks/{name}.png", "images/{split}/{name}.jpg annotations/{split}/{name}.png",
     "{split}/{name}.jpg {split}annot/{name}.png", "{split}/{name}.jpg {split}_labels/{name}_L.png",
     "{split}_images/{name}.jpg {split}_masks/{name}.png", "{split}/{name}.jpg {split}/{name}_mask.png"],
)  # fmt: skip
@pytest.mark.parametrize(
    "words", [("train", "val", "test"), ("training", "validation", "testing"), ("Train", "valid", "Test")]
)
def test_split_folders_stand_above_or_below(make, form, words):
    pictures, masks = form.split(" ")
    for split in words:
        for name in ("001", "002"):  # the same names in every split
            make.picture(pictures.format(split=split, name=name))
            make.mask(masks.format(split=split, name=name), [0, 1])
    source = opened(make)
    assert [sample.split for sample in source.samples].count("train") == 2
    assert {sample.split for sample in source.samples} == {"train", "val", "test"}
    assert all(source.target_file(sample, "mask") for sample in source.samples)
    for sample in source.samples:
        mask = source.target_file(sample, "mask")
        assert any(word in str(mask.relative_to(make.root)) for word in words if word[:2].lower() == sample.split[:2])


def test_pictures_without_a_mask_are_there_without_it(make):
    for i in range(5):
        make.picture(f"images/{i}.jpg")
        if i < 2:
            make.mask(f"masks/{i}.png", [0, 1])
    source = opened(make)
    assert [bool(sample.present) for sample in source.samples] == [True, True, False, False, False]
    assert source.read(source.samples[4]).targets == {}


def test_a_split_whose_masks_are_kept_back_is_there(make):
    for split in ("train", "test"):
        for i in range(3):
            make.picture(f"images/{split}/{i}.jpg")
            if split == "train":
                make.mask(f"masks/{split}/{i}.png", [0, 1])
    source = opened(make)
    assert [sample.split for sample in source.samples if not sample.present] == ["test"] * 3


def test_masks_of_0_and_255_become_classes_0_and_1(make, codes):
    for i in range(3):
        make.picture(f"images/{i}.jpg")
        make.mask(f"masks/{i}.png", [0, 255])
    source = opened(make)
    assert only_mask(source) == (("background", "foreground"), [0] * 12 + [1] * 12)
    assert source.findings[0].code == "data.values_renumbered"
    assert source.findings[0].text() == "mask: mask values 0, 255 → 0, 1"


def test_masks_saved_as_jpeg_are_split_in_the_middle(make, codes):
    for i in range(3):
        make.picture(f"images/{i}.jpg", (64, 48))
        disc = np.hypot(*np.meshgrid(np.arange(64) - 32, np.arange(48) - 24)) < 14
        make.save(f"masks/{i}.jpg", Image.fromarray((disc * 255).astype(np.uint8)), quality=90)
    source = opened(make)
    mask = source.read(source.samples[0]).targets["mask"]
    assert np.array_equal(mask, disc) and codes(source.findings) == ["data.thresholded"]


def test_255_is_ignored_where_the_other_values_are_class_numbers(make):
    make.picture("images/1.jpg")
    make.mask("masks/1.png", [0, 1, 2, 255])
    assert only_mask(opened(make)) == (("class 0", "class 1", "class 2"), [0] * 6 + [1] * 6 + [2] * 6 + [255] * 6)


def test_grey_levels_become_contiguous_classes(make):
    make.picture("images/1.jpg")
    make.mask("masks/1.png", [0, 128, 255])
    names, row = only_mask(opened(make))
    assert names == ("class 0", "class 128", "class 255") and row == [0] * 8 + [1] * 8 + [2] * 8


def test_classes_are_those_of_all_masks_not_of_the_first(make):
    for i in range(4):
        make.picture(f"images/{i}.jpg")
        make.mask(f"masks/{i}.png", [0, i])
    assert only_mask(opened(make))[0] == ("class 0", "class 1", "class 2", "class 3")


def test_more_than_256_classes_need_16_bits(make):
    make.picture("images/1.jpg", (600, 2))
    make.mask("masks/1.png", list(range(300)), (600, 2))
    make.text("classes.txt", "".join(f"thing {chr(97 + i // 26 % 26)}{chr(97 + i % 26)}\n" for i in range(300)))
    source = opened(make)
    (info,) = source.targets
    mask = source.read(source.samples[0]).targets["mask"]
    assert info.parameters["ignore_index"] == 65535 and mask.dtype == np.uint16 and mask.max() == 299


def test_palette_masks_are_read_by_their_numbers(make):
    make.picture("images/1.jpg")
    make.palette("masks/1.png", [2, 0, 1], [255, 255, 255, 0, 0, 0, 9, 9, 9])
    assert only_mask(opened(make))[1] == [2] * 8 + [0] * 8 + [1] * 8


def test_gif_masks_are_read_by_their_colours(make):
    for i in range(2):
        make.picture(f"training/images/{i}_training.tif")
        image = Image.new("P", (24, 16), 0)
        image.putpalette([255, 255, 255, 0, 0, 0])  # number 0 is white here
        image.paste(1, (12, 0, 24, 16))
        make.save(f"training/1st_manual/{i}_manual1.gif", image)
        make.mask(f"training/mask/{i}_training_mask.gif", [255])
    assert only_mask(opened(make))[1] == [1] * 12 + [0] * 12


def test_colours_become_a_class_table(make):
    make.picture("images/1.jpg")
    make.colours("masks/1.png", [(0, 0, 0), (128, 64, 0), (255, 0, 0)])
    names, row = only_mask(opened(make))
    assert names == ("#000000", "#804000", "#ff0000")
    assert row == [names.index("#000000")] * 8 + [names.index("#804000")] * 8 + [names.index("#ff0000")] * 8


def test_colours_get_their_names_from_a_table(make, codes):
    make.picture("images/1.jpg")
    make.colours("masks/1.png", [(128, 0, 0), (64, 128, 64), (0, 0, 0)])
    make.text("class_dict.csv", "name,r,g,b\nAnimal,64,128,64\nBuilding,128,0,0\nCar,64,0,128\nVoid,0,0,0\n")
    source = opened(make)
    assert only_mask(source) == (("Animal", "Building", "Car"), [1] * 8 + [0] * 8 + [255] * 8)
    assert codes(source.findings) == ["data.values_ignored"]


def test_colours_with_smoothed_edges_count_as_the_nearest_class(make):
    for i in range(3):
        make.picture(f"images/{i}.png", (300, 300))
        sharp = np.zeros((900, 900, 3), np.uint8)
        rows, columns = np.ogrid[:900, :900]
        sharp[np.hypot(rows - 420, columns - 400) < 300] = (200, 30, 120)
        sharp[np.hypot(rows - 420, columns - 400) < 120] = (10, 220, 40)
        make.save(f"masks/{i}.png", Image.fromarray(sharp).resize((300, 300), Image.Resampling.BICUBIC))
    source = opened(make)
    names = source.targets[0].parameters["class_names"]
    mask = source.read(source.samples[0]).targets["mask"]
    assert set(names) == {"#000000", "#c81e78", "#0adc28"}
    assert names[mask[2, 2]] == "#000000" and names[mask[140, 60]] == "#c81e78" and names[mask[140, 133]] == "#0adc28"
    assert (mask == names.index("#0adc28")).sum() == pytest.approx(np.pi * 40**2, rel=0.05)


def test_a_single_strange_colour_is_refused(make):
    make.picture("images/1.png")
    make.colours("masks/1.png", [(0, 0, 0), (255, 0, 0)])
    dataset = recognise(make.root)
    make.colours("masks/1.png", [(0, 0, 0), (255, 1, 0)])
    source = open_source(dataset, make.root)
    with pytest.raises(StudioError, match="#ff0100"):
        source.read(source.samples[0])


def test_names_come_from_a_list_beside(make):
    make.picture("train/images/1.jpg")
    make.mask("train/masks/1.png", [0, 2])
    make.text("classes.txt", "sky\nroad\ncar\n")
    assert only_mask(opened(make))[0] == ("sky", "road", "car")


def test_camvid_as_published_with_segnet(make):
    for split in ("train", "val", "test"):
        for i in range(2):
            make.picture(f"CamVid/{split}/{i}.png")
            make.mask(f"CamVid/{split}annot/{i}.png", [0, 8, 11])
    names, row = only_mask(opened(make))
    assert len(names) == 11 and names[8] == "car" and row == [0] * 8 + [8] * 8 + [255] * 8


def test_voc_as_published(make):
    base = "VOCdevkit/VOC2012/"
    for i in range(6):
        make.picture(f"{base}JPEGImages/p{i}.jpg")
        if i < 5:
            make.palette(f"{base}SegmentationClass/p{i}.png", [0, 15, 255], VOC_PALETTE)
            make.palette(f"{base}SegmentationObject/p{i}.png", [0, 1, 2], VOC_PALETTE)
    make.text(f"{base}ImageSets/Segmentation/train.txt", "p0\np1\np2\n")
    make.text(f"{base}ImageSets/Segmentation/val.txt", "p3\np4\n")
    make.text(f"{base}ImageSets/Segmentation/trainval.txt", "p0\np1\np2\np3\np4\n")
    make.text(f"{base}ImageSets/Main/train.txt", "p5\n")
    source = opened(make)
    names, row = only_mask(source)
    assert len(names) == 21 and names[15] == "person" and row == [0] * 8 + [15] * 8 + [255] * 8
    assert splits(source) == {"p0": "train", "p1": "train", "p2": "train", "p3": "val", "p4": "val"}


def test_of_two_annotators_the_first_counts(make):
    for eye in ("01L", "01R"):
        make.picture(f"Image_{eye}.jpg")
        make.mask(f"Image_{eye}_1stHO.png", [0, 255])
        make.mask(f"Image_{eye}_2ndHO.png", [255, 0])
    source = opened(make)
    assert len(source.samples) == 2 and only_mask(source)[1] == [0] * 12 + [1] * 12


def test_numbered_objects_are_one_class(make, codes):
    for i in range(12):
        make.picture(f"images/{i}.png")
        make.mask(f"masks/{i}.png", list(range(i % 5 + 2)))
    source = opened(make)
    assert only_mask(source)[0] == ("background", "foreground") and codes(source.findings) == ["data.instances"]
    assert set(np.unique(source.read(source.samples[4]).targets["mask"])) == {0, 1}


def test_folders_of_several_kinds_of_masks_are_several_targets(make):
    for i in range(3):
        make.picture(f"fundus/images/{i}.jpg")
        make.mask(f"fundus/masks/optic disc/{i}_OD.png", [0, 255])
        make.mask(f"fundus/masks/vessels/{i}_V.png", [255, 0])
    source = opened(make)
    assert {info.id: info.name for info in source.targets} == {"optic_disc": "Optic disc", "vessels": "Vessels"}
    targets = source.read(source.samples[0]).targets
    assert targets["optic_disc"][0, 0] == 0 and targets["vessels"][0, 0] == 1


def test_depth_maps_beside_are_a_target_in_metres_with_0_unknown(make):
    for i in range(3):
        make.picture(f"rgb/{i}.png")
        make.mask(f"depth/{i}.png", [0, 1500, 4000])
        make.mask(f"labels/{i}.png", [0, 1, 2])
    source = opened(make)
    assert {info.id: info.task_type for info in source.targets} == {"mask": "segmentation", "depth": "depth"}
    depth = source.read(source.samples[0]).targets["depth"]
    assert np.isnan(depth[0, 0]) and depth[0, 12] == pytest.approx(1.5) and depth[0, 23] == pytest.approx(4.0)


def test_a_mask_at_another_scale_is_brought_to_the_picture(make):
    make.picture("images/1.jpg", (24, 16))
    make.mask("masks/1.png", [0, 1], (12, 8))
    assert only_mask(opened(make))[1] == [0] * 12 + [1] * 12


def test_bad_masks_raise_and_the_others_are_read(make):
    for i in range(4):
        make.picture(f"images/{i}.jpg")
        make.mask(f"masks/{i}.png", [0, 1])
    dataset = recognise(make.root)
    make.mask("masks/1.png", [0, 9])
    make.mask("masks/2.png", [0, 1], (16, 16))
    make.text("masks/3.png", "no picture")
    source = open_source(dataset, make.root)
    assert source.read(source.samples[0]).targets["mask"].max() == 1
    for sample, words in zip(source.samples[1:], ("outside its classes: 9", "16 × 16", "no picture"), strict=True):
        with pytest.raises(StudioError, match=words):
            source.read(sample)


def test_masks_without_a_picture_are_named(make, codes):
    make.picture("images/1.jpg")
    make.mask("masks/1.png", [0, 1])
    make.mask("masks/2.png", [0, 1])
    source = opened(make)
    assert [p.values["names"] for p in source.findings if p.code == "data.lost_masks"] == ["masks/2.png"]


def test_photographs_in_two_folders_are_no_masks(make):
    for i in range(4):
        make.picture(f"images/{i}.png", (300, 300))
        make.picture(f"labels/{i}.png", (300, 300), seed=7)
    with pytest.raises(StudioError, match="not understood"):
        recognise(make.root)


def test_classes_are_kept_in_the_project_and_can_be_edited_there(make, tmp_path):
    make.picture("images/1.jpg")
    make.mask("masks/1.png", [0, 1, 2])
    spec = propose("p", [make.root], tmp_path / "project")
    (dataset,) = spec.datasets
    assert dataset.parameters["classes"] == ("mask: 0 = class 0", "mask: 1 = class 1", "mask: 2 = class 2")
    edited = dataset.parameters.with_(classes=("mask: 0 = a", "mask: 1-2 = b"))
    source = open_source(replace(dataset, parameters=edited), tmp_path / "project")
    assert only_mask(source) == (("a", "b"), [0] * 8 + [1] * 16)


def test_an_entry_that_is_no_class_is_refused(make):
    make.picture("images/1.jpg")
    make.mask("masks/1.png", [0, 1])
    dataset = recognise(make.root)
    with pytest.raises(StudioError, match="is no class of a mask"):
        open_source(replace(dataset, parameters=dataset.parameters.with_(classes=("mask is one",))), make.root)


def test_a_mask_lies_as_its_upright_picture_does(make):
    exif = Image.Exif()
    exif[0x0112] = 6
    make.picture("images/1.jpg", (24, 16), exif=exif)
    make.mask("masks/1.png", [0, 1], (16, 24))
    source = opened(make)
    reading = source.read(source.samples[0])
    assert reading.image.shape[:2] == reading.targets["mask"].shape == (24, 16)


def test_open_data_gives_the_masks_under_the_tasks_id(make, tmp_path):
    for i in range(10):
        make.picture(f"images/{i}.jpg")
        make.mask(f"masks/{i}.png", [0, 1])
    data = open_data(propose("p", [make.root], tmp_path), tmp_path)
    assert data.coverage() == {"mask": {"train": 7, "val": 1, "test": 2}}
    assert data.read(data.items("train")[0]).targets.keys() == {"mask"}
