"""Claims about the Data workspace in the real window, worked with clicks and keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QFileDialog, QMenu, QPushButton, QWidget

from mtlstudio.data.interface import SPLITS
from mtlstudio.data.propose import propose
from mtlstudio.project import edits
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.data.add_dialog import AddDataDialog
from mtlstudio.ui.data.augment_dialog import AugmentDialog
from mtlstudio.ui.data.filter_bar import ALL, NOTHING
from mtlstudio.ui.data.thumbnails import picture_of
from mtlstudio.ui.data.viewer import SampleViewer
from tests.ui_data.room import Room, class_folders, scenes_spec

LEFT = Qt.MouseButton.LeftButton
Open = Callable[[ProjectSpec], Room]


def _keys(room: Room, wanted: Callable[[object], bool]) -> list[str]:
    return [f"{item.dataset}:{item.key}" for item in room.project.all_items if wanted(item)]


def _rgb(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def _choose(room: Room, name: str, value: object) -> None:
    """Chooses in a list with the keyboard."""
    combo = room.data.findChild(QComboBox, name)
    assert isinstance(combo, QComboBox)
    combo.setFocus()
    steps = combo.findData(value) - combo.currentIndex()
    for _ in range(abs(steps)):
        room.qtbot.keyClick(combo, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    assert combo.currentData() == value


# ── gallery and filters ──


def test_every_sample_is_shown_with_its_targets_and_counts(scenes: Room) -> None:
    assert scenes.shown() == _keys(scenes, lambda item: True)
    status = scenes.data.status()
    assert status[0] == "24 images · 6 tasks"
    counts = {split: len(scenes.project.items(split)) for split in SPLITS}
    assert status[1] == " · ".join(f"{split} {count}" for split, count in counts.items())
    coverage = scenes.project.coverage()
    for task, row in scenes.data.sidebar.coverage.items():
        assert row.bar.fraction() == pytest.approx(sum(coverage[task].values()) / 24)
    assert scenes.data.figures.bars["largest", "Star"].fraction() <= 1


def test_the_split_chips_narrow_gallery_coverage_and_figures(scenes: Room) -> None:
    for split in SPLITS:
        scenes.click(f"split-{split}")
        assert scenes.shown() == _keys(scenes, lambda item, split=split: item.split == split)
        has, of = scenes.project.coverage()["mask"][split], len(scenes.project.items(split))
        assert scenes.data.sidebar.coverage["mask"].bar.fraction() == pytest.approx(has / of)
    scenes.click("split-all")
    assert len(scenes.shown()) == 24


def test_class_and_missing_chips_and_the_way_back(scenes: Room) -> None:
    data = scenes.data
    scenes.click("class-0")
    chosen = _keys(scenes, lambda item: scenes.project.read_target(item, "largest", 1, 1) == 0)
    assert scenes.shown() == chosen
    _choose(scenes, "filter-missing", "depth")
    lacking = set(_keys(scenes, lambda item: "depth" not in scenes.project.present(item)))
    assert scenes.shown() == [key for key in chosen if key in lacking]
    assert not data.bar.all.isChecked()
    scenes.click("filter-all")
    assert data.bar.all.isChecked()
    assert len(scenes.shown()) == 24


def test_a_click_on_a_bar_of_the_balance_shows_that_class(scenes: Room) -> None:
    line = scenes.data.figures.bars["shapes", "Ring"].parentWidget()
    scenes.qtbot.mouseClick(line.parentWidget(), LEFT)
    ring = [
        key
        for key, record in scenes.data.table.by_key.items()  # type: ignore[union-attr]
        if 4 in record.classes.get("shapes", ())
    ]
    assert scenes.shown() == ring
    assert scenes.data.bar.tasks.currentData() == "shapes"


def test_a_filter_that_nothing_fits_says_so_and_leads_back(scenes: Room) -> None:
    scenes.click("split-val")
    for name in ("class-0", "class-1", "class-2", "class-3", "class-4", "class-5"):
        scenes.click(name)
        if not scenes.shown():
            break
    assert scenes.data.stack.currentWidget() is scenes.data.empty
    scenes.qtbot.mouseClick(scenes.data.empty.findChild(QPushButton), LEFT)
    assert len(scenes.shown()) == 24
    assert scenes.data.stack.currentWidget() is scenes.data.gallery


def test_the_chosen_targets_are_drawn_over_the_thumbnails(scenes: Room) -> None:
    table = scenes.data.table
    assert table is not None
    record = next(record for record in table.records if {"mask", "depth"} <= record.present)
    bare, mask, depth = (picture_of(table, record, drawn, 64) for drawn in ((), ("mask",), ("depth",)))
    image = scenes.project.read_image(record.item).astype(int)
    truth = scenes.project.read_target(record.item, "mask", 64, 64)
    changed = np.abs(_rgb(mask) - _rgb(bare)).sum(axis=2) > 0
    assert np.abs(_rgb(bare) - image).max() <= 2
    assert not changed[truth == 0].any()
    assert changed[(truth > 0) & (truth < 255)].mean() > 0.9
    assert (np.abs(_rgb(depth) - _rgb(bare)).sum(axis=2) > 0).mean() > 0.9
    for choice, expected in ((ALL, table.painted), ("depth", ("depth",)), (NOTHING, ())):
        _choose(scenes, "data-drawn", choice)
        assert scenes.data.bar.drawn_tasks() == expected
        scenes.settle()


def test_a_picture_that_was_read_smaller_gets_its_targets_in_the_right_place(open_room: Open, tmp_path: Path) -> None:
    from PIL import Image

    root = tmp_path / "masks"
    for name in ("a", "b", "c", "d"):
        for kind in ("images", "masks"):
            (root / kind).mkdir(parents=True, exist_ok=True)
        mask = np.zeros((600, 900), np.uint8)
        mask[150:300, 300:600] = 1
        Image.fromarray(np.where(mask[..., None] == 1, np.uint8(250), np.uint8(5)).repeat(3, 2)).save(
            root / "images" / f"{name}.jpg", quality=95
        )
        Image.fromarray(mask).save(root / "masks" / f"{name}.png")
    room = open_room(propose("p", [root], tmp_path / "project"))
    table = room.data.table
    assert table is not None
    assert room.project.read_picture(table.records[0].item, 64).image.shape[0] < 600
    bare, drawn = (_rgb(picture_of(table, table.records[0], tasks, 60)) for tasks in ((), table.painted))
    bright = bare.sum(axis=2) > 380
    changed = np.abs(drawn - bare).sum(axis=2) > 30
    rows, columns = np.nonzero(bright)
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (15, 30, 15, 45)
    assert (bright & changed).sum() / (bright | changed).sum() > 0.9


# ── findings ──


def test_a_click_on_a_finding_goes_to_its_picture(open_room: Open, tmp_path: Path) -> None:
    root = class_folders(tmp_path / "data", {"猫": 14, "狗 and others": 12})
    broken = root / "猫" / "猫 3.png"
    broken.write_bytes(broken.read_bytes()[:40])
    room = open_room(propose("p", [root], tmp_path / "project"))
    row = next(row for row in room.data.sidebar.findings if row.finding.keys)
    room.click("class-1")
    room.qtbot.mouseClick(row, LEFT)
    (key,) = row.finding.keys
    assert room.data.gallery.current() == key
    assert key.endswith("猫 3")
    assert len(room.shown()) == 26
    room.click("filter-findings")
    assert room.shown() == [key]
    assert room.data.gallery.items()[0].warning


# ── one sample large ──


def test_enter_opens_a_sample_and_a_and_d_browse(scenes: Room) -> None:
    gallery = scenes.data.gallery
    key = scenes.shown()[2]
    scenes.qtbot.mouseClick(gallery.viewport(), LEFT, pos=gallery.item_area(key).center())
    scenes.qtbot.keyClick(gallery, Qt.Key.Key_Return)
    viewer = scenes.dialog(SampleViewer)
    scenes.until(lambda: viewer.looked is not None)
    assert viewer.record.key == key
    scenes.qtbot.keyClick(viewer.view, Qt.Key.Key_D)
    scenes.until(lambda: viewer.looked is not None and viewer.looked.entry.key == scenes.shown()[3])
    assert gallery.current() == scenes.shown()[3]
    assert np.array_equal(_rgb(viewer.view.image()), scenes.project.read_image(viewer.record.item))  # type: ignore[arg-type]
    for _ in range(5):
        scenes.qtbot.keyClick(viewer.view, Qt.Key.Key_A)
    assert viewer.record.key == scenes.shown()[0]
    eye = viewer.layers["depth"].eye
    before = eye.isChecked()
    scenes.qtbot.keyClick(viewer.view, Qt.Key.Key_2)
    assert eye.isChecked() != before
    scenes.qtbot.keyClick(viewer, Qt.Key.Key_Escape)
    assert not viewer.isVisible()


def test_the_menu_of_a_sample_opens_it(scenes: Room) -> None:
    scenes.data.gallery.context_requested.emit(scenes.shown()[1], QPoint(50, 50))
    menu = scenes.data.findChild(QMenu, "sample-menu")
    assert isinstance(menu, QMenu)
    scenes.qtbot.keyClick(menu, Qt.Key.Key_Down)
    scenes.qtbot.keyClick(menu, Qt.Key.Key_Return)
    viewer = scenes.dialog(SampleViewer)
    assert viewer.record.key == scenes.shown()[1]
    viewer.reject()


# ── settings ──


def test_augmentation_is_edited_undoably_and_previewed_with_its_targets(scenes: Room) -> None:
    scenes.document.apply("crops", lambda spec: edits.set_data(spec, crop_scale=0.7, colour=0.2))
    before = scenes.document.spec
    scenes.data.open_sample(scenes.shown()[0])
    scenes.dialog(SampleViewer).reject()
    scenes.click("preview-augmentation")
    dialog = scenes.dialog(AugmentDialog)
    scenes.until(lambda: not dialog.busy)
    assert len(dialog.sheet.images) == 12
    assert len({_rgb(image).tobytes() for image in dialog.sheet.images}) > 6
    first = [_rgb(image) for image in dialog.sheet.images]
    scenes.click("draw-again")
    scenes.until(lambda: not dialog.busy)
    assert any(not np.array_equal(_rgb(a), b) for a, b in zip(dialog.sheet.images, first, strict=True))
    for name, text in (("flip_horizontal", "0"), ("crop_scale", "1"), ("colour", "0")):
        field = dialog.form.editor(name).field()
        field.setFocus()
        field.selectAll()  # type: ignore[attr-defined]
        scenes.qtbot.keyClicks(field, text)
        scenes.qtbot.keyClick(field, Qt.Key.Key_Tab)
    scenes.until(lambda: not dialog.busy)
    assert len({_rgb(image).tobytes() for image in dialog.sheet.images}) == 1
    dialog.reject()
    assert scenes.data.settings.summary.text() == "none: pictures are used as they are"
    scenes.document.undo()
    scenes.document.undo()
    scenes.document.undo()
    assert scenes.document.spec == before
    assert scenes.data.settings.summary.text() == "flip · crop 0.7–1.0 · colour 0.2"


def test_turning_a_dial_draws_other_scenes_and_undo_brings_the_old_ones_back(scenes: Room) -> None:
    before = scenes.document.spec
    form = scenes.data.settings.dials["sample_scenes"]
    scroll = scenes.data.findChild(QWidget, "data-figures")
    scroll.ensureWidgetVisible(form)  # type: ignore[union-attr]
    field = form.editor("count").field()
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    scenes.qtbot.keyClicks(field, "30")
    scenes.qtbot.keyClick(field, Qt.Key.Key_Tab)
    assert scenes.document.spec.datasets[0].parameters["count"] == 30
    scenes.until(lambda: len(scenes.shown()) == 30)
    scenes.settle()
    assert scenes.data.status()[0].startswith("30 images")
    scenes.document.undo()
    assert scenes.document.spec == before
    scenes.until(lambda: len(scenes.shown()) == 24)
    scenes.settle()


def test_dials_that_cannot_be_say_why_and_can_be_turned_back(scenes: Room) -> None:
    form = scenes.data.settings.dials["sample_scenes"]
    field = form.editor("min_shapes").field()
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    scenes.qtbot.keyClicks(field, "8")
    scenes.qtbot.keyClick(field, Qt.Key.Key_Tab)
    scenes.until(lambda: scenes.data.stack.currentWidget() is scenes.data.empty)
    assert "the fewest shapes (8) are more than the most (5)" in scenes.window.studio.data.failure
    scenes.document.undo()
    scenes.until(lambda: len(scenes.shown()) == 24)


# ── data sets ──


def test_adding_a_folder_makes_a_task_with_a_head_in_one_undo_step(
    scenes: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scenes.document.spec
    root = class_folders(tmp_path / "新 数据", {"one": 6, "two": 6})
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(root))
    scenes.window.actions_.trigger("data.add")
    dialog = scenes.dialog(AddDataDialog)
    assert list(dialog.boxes) == ["class"]
    scenes.qtbot.mouseClick(dialog.add, LEFT)
    scenes.until(lambda: len(scenes.shown()) == 36)
    scenes.settle()
    after = scenes.document.spec
    assert after.task_ids == (*before.task_ids, "class")
    output = after.network.output_of("class")
    assert output is not None
    assert after.network.layer(output.layer).type == "linear_head"
    assert "class" in after.network.layer(before.network.layers[1].id).tasks
    scenes.click(f"dataset-{after.datasets[1].id}")
    assert scenes.shown() == _keys(scenes, lambda item: item.dataset == 1)
    scenes.document.undo()
    assert scenes.document.spec == before
    scenes.until(lambda: len(scenes.shown()) == 24)


def test_the_file_menu_adds_data_from_every_workspace(
    scenes: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = class_folders(tmp_path / "more", {"one": 3, "two": 3})
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_args: str(root))
    scenes.window.show_workspace("compare")
    scenes.window.actions_.trigger("data.add")
    assert scenes.window.current == "data"
    scenes.dialog(AddDataDialog).reject()
    assert len(scenes.document.spec.datasets) == 1


def test_a_data_set_is_taken_out_by_its_menu(scenes: Room) -> None:
    scenes.data.sidebar.dataset_menu_wanted.emit(0, QPoint(60, 60))
    menu = scenes.data.findChild(QMenu, "dataset-menu")
    assert isinstance(menu, QMenu)
    scenes.qtbot.keyClick(menu, Qt.Key.Key_Down)
    scenes.qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert scenes.document.spec.datasets == ()
    scenes.until(lambda: scenes.data.empty.accessibleName() == "There is no data yet.")
    scenes.document.undo()
    scenes.until(lambda: len(scenes.shown()) == 24)


def test_the_same_kind_of_labels_joins_the_task_that_is_there(open_room: Open, tmp_path: Path) -> None:
    first = class_folders(tmp_path / "first", {"one": 12, "two": 12})
    second = class_folders(tmp_path / "second", {"one": 5, "two": 5})
    room = open_room(propose("p", [first], tmp_path / "project"))
    room.data.commands.recognise(second)
    dialog = room.dialog(AddDataDialog)
    room.qtbot.mouseClick(dialog.add, LEFT)
    room.until(lambda: len(room.shown()) == 34)
    assert room.document.spec.task_ids == ("class",)
    assert room.document.spec.datasets[1].targets == {"class": "class"}


def test_a_folder_without_pictures_is_refused_in_words(scenes: Room, tmp_path: Path) -> None:
    said: list[str] = []
    scenes.window.studio.said.connect(lambda text, kind: said.append(text) if kind == "bad" else None)
    (tmp_path / "nothing").mkdir()
    scenes.data.commands.recognise(tmp_path / "nothing")
    scenes.until(lambda: bool(said))
    assert "nothing" in said[0]


def test_a_project_without_data_offers_to_add_some(open_room: Open, tmp_path: Path) -> None:
    spec = scenes_spec(tmp_path / "project")
    room = open_room(replace(spec, datasets=()))
    assert room.data.stack.currentWidget() is room.data.empty
    assert room.data.empty.accessibleName() == "There is no data yet."


def test_a_folder_that_has_gone_is_named_and_read_again_once_it_is_back(open_room: Open, tmp_path: Path) -> None:
    root = class_folders(tmp_path / "data", {"one": 12, "two": 12})
    spec = propose("p", [root], tmp_path / "project")
    root.rename(tmp_path / "away")
    room = open_room(spec)
    assert room.data.stack.currentWidget() is room.data.empty
    assert str(root) in room.window.studio.data.failure
    (tmp_path / "away").rename(root)
    room.qtbot.mouseClick(room.data.empty.findChild(QPushButton), LEFT)
    room.until(lambda: len(room.shown()) == 24)


def test_many_classes_fold_into_a_list(open_room: Open, tmp_path: Path) -> None:
    root = class_folders(tmp_path / "data", {f"class {i:02d} with a rather long name": 2 for i in range(20)})
    room = open_room(propose("p", [root], tmp_path / "project"))
    assert not room.data.bar.labels
    _choose(room, "filter-class", 13)
    assert room.shown() == _keys(room, lambda item: "class 13" in item.key)


def test_renaming_a_task_shows_its_new_name(scenes: Room) -> None:
    from mtlstudio.project.edits.tasks import rename_task

    scenes.document.apply("rename", lambda spec: rename_task(spec, "mask", "面具"))
    scenes.settle()
    assert scenes.data.bar.drawn.itemText(0) == "面具"
    assert "面具" in scenes.data.sidebar.coverage["mask"].accessibleName()


# ── the pets ──


def test_the_pets_with_their_traps(pets: Path, open_room: Open, tmp_path: Path) -> None:
    room = open_room(propose("pets", [pets], tmp_path / "project"))
    assert room.data.status()[0] == "449 images · 4 tasks"
    row = next(row for row in room.data.sidebar.findings if "no test image has one" in row.accessibleName())
    room.qtbot.mouseClick(row, LEFT)
    assert room.data.sidebar.split() == "test"
    assert len(room.shown()) == 149
    room.click("filter-all")
    room.click("split-all")
    room.click("missing-head")
    assert len(room.shown()) == 449 - 296
    assert room.data.findChild(QWidget, "class-0").text() == "cat"  # type: ignore[union-attr]


def test_leaving_the_project_while_pictures_are_read_breaks_nothing(open_room: Open, tmp_path: Path) -> None:
    room = open_room(scenes_spec(tmp_path / "project"))
    _choose(room, "data-drawn", ALL)
    room.window.studio.close_document()
    room.qtbot.wait(200)
    assert "data" not in room.window.workspaces
