"""Pictures with a table of labels."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.project import open_source
from mtlstudio.data.propose import recognise


def opened(make, **parameters):
    dataset = recognise(make.root)
    assert dataset.layout == "table"
    return open_source(replace(dataset, parameters=FrozenDict(parameters)), make.root)


def labels(source) -> dict[str, dict]:
    return {sample.path.name: dict(sample.labels) for sample in source.samples}


def types(source) -> dict[str, str]:
    return {info.id: info.task_type for info in source.targets}


def table(make, head: str, rows: list[str], name: str = "labels.csv", folder: str = "images") -> None:
    make.pictures(f"{folder}/{i}.jpg" for i in range(len(rows)))
    make.text(name, "\n".join([head, *(f"{i}.jpg,{row}" for i, row in enumerate(rows))]))


def test_words_are_classes_and_decimals_are_numbers(make):
    table(make, "file,kind,weight", ["cat,3.5", "dog,12.25", "cat,", "?,4.0", "dog,nan", "dog,-inf", "cat,1e9"])
    source = opened(make)
    assert types(source) == {"kind": "classification", "weight": "regression"}
    assert source.target("kind").parameters["class_names"] == ("cat", "dog")
    assert labels(source) == {
        "0.jpg": {"kind": 0, "weight": (3.5,)}, "1.jpg": {"kind": 1, "weight": (12.25,)}, "2.jpg": {"kind": 0},
        "3.jpg": {"weight": (4.0,)}, "4.jpg": {"kind": 1}, "5.jpg": {"kind": 1}, "6.jpg": {"kind": 0, "weight": (1e9,)},
    }  # fmt: skip


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_other_signs_divide_columns_too(make, sign):
    make.pictures(f"{i}.png" for i in range(6))
    rows = [sign.join([f"{i}.png", "ab"[i % 2]]) for i in range(6)]
    make.text("train.csv", "\n".join([sign.join(["image", "label"]), *rows]))
    assert [sample.labels["label"] for sample in opened(make).samples] == [0, 1] * 3


def test_names_without_endings_and_with_folders_find_their_pictures(make):
    make.pictures(["train/a 1.jpg", "train/b.jpg", "test/a 1.jpg"])
    make.text("all.csv", "id,path,label\n1,train/a 1.jpg,x\n2,./train/b,y\n3,test\\a 1.jpg,x\n")
    source = opened(make)
    assert [sample.key for sample in source.samples] == ["test/a 1", "train/a 1", "train/b"]
    assert [sample.labels["label"] for sample in source.samples] == [0, 0, 1]


def test_many_columns_of_yes_and_no_are_labels(make):
    table(make, "file,Hat,Old_Man,Smiling", ["1,-1,1", "-1,-1,1", "1,1,-1", "1,-1,-1"])
    source = opened(make)
    assert types(source) == {"attributes": "multilabel"}
    assert source.target("attributes").parameters["class_names"] == ("Hat", "Old Man", "Smiling")
    assert source.samples[0].labels["attributes"] == (1.0, 0.0, 1.0)


def test_beside_0_and_1_minus_one_is_unknown(make):
    table(make, "file,a,b,c", ["1,0,-1", "0,1,1", "1,1,0", ",,1"])
    first, *_, last = [sample.labels["attributes"] for sample in opened(make).samples]
    assert first[:2] == (1.0, 0.0) and math.isnan(first[2])
    assert math.isnan(last[0]) and math.isnan(last[1]) and last[2] == 1.0


def test_what_minus_one_means_can_be_told(make):
    table(make, "file,age", [f"{i}.5" for i in range(10)] + ["-1"])
    assert "10.jpg" in labels(opened(make)) and labels(opened(make))["10.jpg"] == {}
    assert labels(opened(make, minus_one="value"))["10.jpg"] == {"age": (-1.0,)}


def test_one_yes_in_each_row_makes_classes(make):
    table(make, "image,MEL,NV,BCC", ["1.0,0.0,0.0", "0.0,1.0,0.0", "0.0,0.0,1.0", "0.0,1.0,0.0"])
    source = opened(make)
    assert types(source) == {"class": "classification"}
    assert [sample.labels["class"] for sample in source.samples] == [0, 1, 2, 1]


def test_labels_in_one_cell_are_divided(make):
    table(make, "Image Index,Finding Labels", ["A|B", "No Finding", "B", "", "C|A"])
    source = opened(make)
    assert source.target("finding_labels").parameters["class_names"] == ("A", "B", "C")
    assert [sample.labels.get("finding_labels") for sample in source.samples] == [
        (1.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), None, (1.0, 0.0, 1.0),
    ]  # fmt: skip


def test_a_column_may_tell_the_split(make):
    table(make, "file,label,split", ["a,train", "b,train", "a,val", "b,test", "a,train", "b,train"])
    source = opened(make)
    assert types(source) == {"label": "classification"}
    assert Counter(sample.split for sample in source.samples) == {"train": 4, "val": 1, "test": 1}


def test_tables_may_be_split_by_their_names(make):
    for split in ("train", "valid", "test"):
        make.pictures(f"{split}/{split}{i}.jpg" for i in range(4))
        make.text(f"{split}.csv", "\n".join(["file,label", *(f"{split}{i}.jpg,{'ab'[i % 2]}" for i in range(4))]))
    assert Counter(sample.split for sample in opened(make).samples) == {"train": 4, "val": 4, "test": 4}


def test_tables_about_the_same_pictures_are_joined(make):
    table(make, "file,kind", ["cat", "dog"] * 4, "kinds.csv")
    make.text("ages.csv", "\n".join(["file,age", *(f"{i}.jpg,{i}.5" for i in range(6))]))
    found = labels(opened(make))
    assert found["3.jpg"] == {"kind": 1, "age": (3.5,)} and found["7.jpg"] == {"kind": 1}


def test_celeba_as_published(make):
    names = [f"{i:06d}.jpg" for i in range(1, 9)]
    make.pictures(f"img_align_celeba/{name}" for name in names)
    rows = [f"{name} {'-1  1' if i % 2 else ' 1 -1'}  1 -1" for i, name in enumerate(names)]
    rows[3] = rows[3].replace(" 1 -1", "-1  1", 1)
    make.text("list_attr_celeba.txt", "8\nBald Smiling Young Male \n" + "\n".join(rows))
    make.text("list_eval_partition.txt", "\n".join(f"{name} {min(i // 3, 2)}" for i, name in enumerate(names)))
    make.text(
        "list_bbox_celeba.txt",
        "8\nimage_id x_1 y_1 width height\n" + "\n".join(f"{name} 95 71 226 313" for name in names),
    )
    make.text("identity_CelebA.txt", "\n".join(f"{name} {i * 7}" for i, name in enumerate(names)))
    points = "lefteye_x lefteye_y nose_x nose_y"
    make.text(
        "list_landmarks_align_celeba.txt",
        f"8\n{points}\n" + "\n".join(f"{n} 6{i} 10{i} 7{i} 13{i}" for i, n in enumerate(names)),
    )
    source = opened(make)
    assert types(source) == {"attributes": "multilabel", "points": "regression"}
    assert source.target("attributes").parameters["class_names"] == ("Bald", "Smiling", "Young", "Male")
    assert source.target("points").parameters["roles"] == ("x", "y", "x", "y")
    assert source.samples[0].labels["attributes"] == (1.0, 0.0, 1.0, 0.0)
    assert source.samples[2].labels["points"] == (62.0, 102.0, 72.0, 132.0)
    assert Counter(sample.split for sample in source.samples) == {"train": 3, "val": 3, "test": 2}


def test_few_whole_numbers_are_classes_unless_their_heading_counts(make):
    table(make, "file,grade,count", [f"{i % 3},{i % 4}" for i in range(30)])
    source = opened(make)
    assert types(source) == {"grade": "classification", "count": "regression"}
    assert source.target("grade").parameters["class_names"] == ("0", "1", "2")


def test_keys_and_free_text_are_no_targets_and_named(make):
    table(make, "file,id,note,label", [f"{i + 17},words number {i} of many,{'ab'[i % 2]}" for i in range(12)])
    source = opened(make)
    assert types(source) == {"label": "classification"}
    (skipped,) = [p for p in source.findings if p.code == "data.columns_skipped"]
    assert skipped.values["names"] == "id, note"


def test_a_column_can_be_left_out(make):
    table(make, "file,a,b", ["x,y", "y,x"] * 4)
    assert types(opened(make, left_out=("a",))) == {"b": "classification"}


def test_what_does_not_fit_is_named_and_the_rest_is_read(make, codes):
    table(make, "file,label", ["a", "b", "a", "b"])
    with (make.root / "labels.csv").open("a") as more:
        more.write("\ngone.jpg,a\n0.jpg,b\n1.jpg,a,too,many\n")
    make.picture("images/unlisted.jpg")
    source = opened(make)
    assert len(source.samples) == 4 and source.samples[0].labels["label"] == 0
    assert set(codes(source.findings)) == {
        "data.listed_missing", "data.unlisted", "data.repeated_rows", "data.lines_skipped",
    }  # fmt: skip


def test_a_table_of_nothing_to_learn_is_refused(make):
    table(make, "file,note", [f"text {i}" for i in range(10)])
    with pytest.raises(StudioError, match="no column that can be learnt"):
        recognise_and_open(make)


def recognise_and_open(make):
    return open_source(recognise(make.root), make.root)


def test_texts_that_can_be_read_are_strings_and_others_are_not(make):
    texts = [f"{number * 7919 % 100000:05d}"[: 3 + number % 3] for number in range(30)]
    table(make, "file,plate,note,remark", [f"{text},{text},x{text} of" for text in texts])
    source = opened(make)
    assert types(source)["plate"] == "sequence" and "remark" not in types(source)
    assert types(source).get("note") != "sequence"  # the heading does not say that it can be read
    assert source.target("plate").parameters["symbols"] == tuple("0123456789")
    assert source.target("plate").parameters["maximum_length"] == 5
    assert labels(source)["3.jpg"]["plate"] == texts[3]


@pytest.mark.parametrize(
    "texts",
    [
        [f"{number:05d}" for number in range(30)],  # all of one length
        ["cat", "dogs", "bird"] * 10,  # classes
        [f"a {number} of {number * 31}" for number in range(30)],  # sentences
        [str(number * 37) for number in range(10)],  # few
    ],
)
def test_texts_of_other_kinds_are_no_strings(make, texts):
    table(make, "file,text,kind", [f"{text},{'ab'[number % 2]}" for number, text in enumerate(texts)])
    assert types(opened(make)).get("text") != "sequence"
