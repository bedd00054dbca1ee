"""Files predicted by a network of two inputs: what belongs beside a picture is found in the project's data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.cli.main import main
from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.project.spec import InputSpec, ProjectSpec
from tests.training.small import trained


def pictures(root: Path, count: int = 10) -> None:
    for kind in ("images", "masks", "depth"):
        (root / kind).mkdir(parents=True)
    for index in range(count):
        random = np.random.default_rng(index)
        Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8)).save(root / "images" / f"{index}.png")
        Image.fromarray(random.integers(0, 2, (20, 20), np.uint8)).save(root / "masks" / f"{index}.png")
        depth = random.integers(500, 5000, (20, 20)).astype(np.uint16)
        Image.fromarray(depth).save(root / "depth" / f"{index}.png")


def project(root: Path, folder: Path) -> ProjectSpec:
    spec = propose("p", [root], folder)
    dataset = replace(spec.datasets[0], targets=FrozenDict(mask="mask"), inputs=FrozenDict(depth="depth"))
    tasks = tuple(replace(task, id="mask") for task in spec.tasks if task.type == "segmentation")
    spec = replace(
        spec, inputs=(*spec.inputs, InputSpec("depth", "Depth", "map", 1)), datasets=(dataset,), tasks=tasks,
        data=replace(spec.data, image_size=16), training=replace(spec.training, epochs=1, batch_size=4, threads=1),
    )  # fmt: skip
    return spec.with_network(template("early_fusion").build(spec))


def test_pictures_of_the_data_bring_their_depth_and_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, folder = tmp_path / "data", tmp_path / "p"
    pictures(root)
    spec = project(root, folder)
    files.create(folder, spec)
    trained(folder, spec)
    stranger = tmp_path / "stranger.png"
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(stranger)
    out = tmp_path / "out"
    known = root / "images" / "3.png"
    code = main(["predict", str(folder), str(known), str(stranger), "--out", str(out)])
    told = capsys.readouterr()
    assert code == 1 and "1 picture predicted" in told.out
    assert "stranger.png" in told.err and "needs Depth" in told.err and "Traceback" not in told.err
    document = json.loads((out / "predictions.json").read_text("utf-8"))
    assert [Path(entry["file"]).name for entry in document["images"]] == ["3.png"]
    assert len(document["failures"]) == 1
