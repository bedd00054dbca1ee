"""Predictions as files: names, sizes, depths of colour, failures named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.inspection.export import export_predictions
from mtlstudio.inspection.overlay import OPACITY, overlay
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import load_network
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.predictions import Box, IndexMap, ScalarMap, Shapes
from tests.training.small import project, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("project"), project(epochs=1))


def picture(path: Path, size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_files_and_document(run: RunFolder, tmp_path: Path) -> None:
    image = picture(tmp_path / "图 片" / "my cat.png")
    out = tmp_path / "out" / "deeper"
    found = export_predictions(run, [image], out)
    assert (found.done, found.failures) == (1, [])
    assert {path.name for path in out.iterdir()} == {"my cat.mask.png", "my cat.mask.overlay.png", "predictions.json"}
    with Image.open(out / "my cat.mask.png") as mask, Image.open(out / "my cat.mask.overlay.png") as over:
        assert mask.size == over.size == (40, 30) and mask.mode == "L" and over.mode == "RGB"
        values = np.asarray(mask)
    document = json.loads((out / "predictions.json").read_text(encoding="utf-8"))
    (entry,) = document["images"]
    assert (entry["width"], entry["height"], entry["file"]) == (40, 30, str(image))
    assert set(entry["tasks"]) == {"largest", "mask", "count"} and entry["tasks"]["mask"]["png"] == "my cat.mask.png"
    predictor = Predictor(load_network(run), "cpu")
    expected: Any = predictor.predict(np.asarray(Image.open(image)))
    assert np.array_equal(values, expected["mask"].indices)
    assert entry["tasks"]["largest"] == {
        "type": "classification",
        **predictor.tasks["largest"].columns(expected["largest"]),
    }


def test_equal_stems_get_a_suffix(run: RunFolder, tmp_path: Path) -> None:
    images = [picture(tmp_path / folder / name) for folder, name in (("a", "x.png"), ("b", "x.jpg"), ("c", "X.png"))]
    export_predictions(run, [*images, picture(tmp_path / "d" / "x_2.png")], tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").glob("*.mask.png")}
    assert names == {"x.mask.png", "x_2.mask.png", "X_3.mask.png", "x_2_2.mask.png"}


def test_the_rest_is_done_where_some_fail(run: RunFolder, tmp_path: Path) -> None:
    good = picture(tmp_path / "in" / "good.png")
    (tmp_path / "in" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "in" / "notes.txt").write_text("left alone in a folder")
    (tmp_path / "empty").mkdir()
    found = export_predictions(run, [tmp_path / "in", tmp_path / "gone.png", tmp_path / "empty"], tmp_path / "out")
    assert found.done == 1 and found.entries[0]["file"] == str(good)
    assert len(found.failures) == 3
    for name in ("bad.jpg", "gone.png", "empty"):
        assert any(name in line for line in found.failures)
    document = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert document["failures"] == found.failures


def test_a_folder_that_cannot_be_made_is_told(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudioError, match="the system refused") as caught:
        export_predictions(run, [picture(tmp_path / "a.png")], tmp_path / "file" / "out")
    assert str(tmp_path / "file") in caught.value.where


def test_an_index_map_tints_its_classes_and_leaves_the_background() -> None:
    image = np.full((1, 3, 3), 100, dtype=np.uint8)
    painting = IndexMap(np.array([[0, 1, 255]], dtype=np.uint8), ("ground", "cat"), (None, "#ff0000"), 255)
    found = overlay(image, painting)
    assert found[0, 0].tolist() == [100, 100, 100] and found[0, 2].tolist() == [100, 100, 100]
    assert found[0, 1].tolist() == [round(100 * (1 - OPACITY) + 255 * OPACITY), *[round(100 * (1 - OPACITY))] * 2]


def test_a_scalar_map_grows_lighter_and_leaves_what_is_unknown() -> None:
    image = np.zeros((1, 4, 3), dtype=np.uint8)
    painting = ScalarMap(np.array([[1.0, 2.0, 3.0, np.nan]], dtype=np.float32), 1.0, 3.0)
    brightness = overlay(image, painting)[0].astype(int).sum(-1)
    assert brightness[0] < brightness[1] < brightness[2] and brightness[3] == 0


def test_boxes_are_outlined() -> None:
    image = np.zeros((20, 20, 3), dtype=np.uint8)
    found = overlay(image, Shapes((Box(15, 15, 5, 5, colour="#00ff00"),)))
    assert found[5, 10].tolist() == [0, 255, 0] and found[10, 10].tolist() == [0, 0, 0] and image.max() == 0
