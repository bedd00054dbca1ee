"""Names of classes from the files that lie beside data."""

from __future__ import annotations

import pytest

from mtlstudio.data.labelfiles import class_names

PLAIN = ["sky", "traffic light", "car"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.txt", "sky\ntraffic light\ncar\n"),
        ("Labels.TXT", "# names\nsky\n\ntraffic light\ncar"),
        ("classes.txt", "0 sky\n1 traffic light\n2 car\n"),
        ("classes.txt", "0: sky\n1: traffic light\n2: car\n"),
        ("labels.csv", "id,name\n0,sky\n1,traffic light\n2,car\n"),
        ("_classes.csv", "Pixel Value, Class\n0, sky\n1, traffic light\n2, car\n"),
        ("class_dict.csv", "name,r,g,b\nsky,1,2,3\ntraffic light,4,5,6\ncar,7,8,9\n"),
        ("label_colors.txt", "1 2 3\tsky\n4 5 6\ttraffic light\n7 8 9\tcar\n"),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nsky:1,2,3::\ntraffic light:4,5,6::\ncar:7,8,9::\n"),
        ("classes.json", '["sky", "traffic light", "car"]'),
        ("id2label.json", '{"0": "sky", "1": "traffic light", "2": "car"}'),
        ("label2id.json", '{"sky": 0, "traffic light": 1, "car": 2}'),
        ("meta.json", '{"classes": [{"title": "sky", "color": "#010203"}, {"title": "traffic light", "color": "#040506"}, {"title": "car", "color": "#070809"}]}'),
        ("colormap.json", '{"sky": [1, 2, 3], "traffic light": [4, 5, 6], "car": [7, 8, 9]}'),
    ],
)  # fmt: skip
def test_lists_are_understood_in_many_forms(make, name, content):
    make.text(name, content)
    found = class_names([make.root])
    assert found is not None and found.names == PLAIN
    if any(sign in content for sign in ("4", "#040506")):
        assert found.by_colour == {(1, 2, 3): "sky", (4, 5, 6): "traffic light", (7, 8, 9): "car"}
    elif any(sign in content for sign in ("1 ", "1:", "1,", '"1"', ": 1")):
        assert found.by_value == dict(enumerate(PLAIN))


def test_numbers_that_belong_to_the_names_stay(make):
    make.text("classes.txt", "class 0\nclass 1\nclass 2\n")
    assert class_names([make.root]).names == ["class 0", "class 1", "class 2"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("classes.json", "{broken"), ("labels.csv", "1,2,3\n4,5,6\n"), ("notes.txt", "sky\ncar\n"), ("classes.txt", "")],
)
def test_what_is_no_list_is_passed_over(make, name, content):
    make.text(name, content)
    assert class_names([make.root]) is None


def test_the_nearest_folder_comes_first(make):
    make.text("classes.txt", "far\naway\n")
    make.text("train/classes.txt", "near\nby\n")
    assert class_names([make.root / "train", make.root]).names == ["near", "by"]
