"""The commands as scripts use them: whole processes, real pictures, exit codes, one JSON document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

WITHOUT_QT = (
    "import sys; sys.modules.update(PySide6=None, pyqtgraph=None, shiboken6=None);"
    "from mtlstudio.cli.main import main; sys.exit(main(sys.argv[1:]))"
)


@dataclass
class Outcome:
    """What a process left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def studio(*words: str | Path, code: int | None = 0, **environment: str) -> Outcome:
    """Runs a command where Qt is absent, so that every command here proves that it needs none."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **environment},
    )
    assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project of the sample scenes with one run of two epochs."""
    folder = tmp_path_factory.mktemp("项目 with space") / "demo"
    studio("new", folder, "--template", "unet")
    document = json.loads((folder / "project.json").read_text(encoding="utf-8"))
    document["datasets"][0].setdefault("parameters", {}).update(count=40, size=64)
    document["data"]["image_size"] = 48
    (folder / "project.json").write_text(json.dumps(document), encoding="utf-8")
    done = studio("train", folder, "--epochs", "2", "--set", "training.batch_size=8", "--name", "first", "--json")
    assert done.json["status"] == "finished"
    assert done.json["epochs"] == 2
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Two pictures of one stem in different folders, of odd sizes."""
    random = np.random.default_rng(0)
    paths = []
    for number, (height, width) in enumerate(((61, 97), (120, 40))):
        path = tmp_path / f"folder {number}" / "图片.png"
        path.parent.mkdir()
        Image.fromarray(random.integers(0, 255, (height, width, 3), dtype=np.uint8)).save(path)
        paths.append(path)
    return paths


def test_new_makes_a_project_of_the_sample_scenes_and_refuses_a_second_one(tmp_path: Path) -> None:
    made = studio("new", tmp_path / "demo", "--json").json
    assert {"largest", "shapes", "colours", "count", "mask", "depth"} == set(made["tasks"])
    assert sum(made["samples"].values()) == 600
    refused = studio("new", tmp_path / "demo", code=1)
    assert "already" in refused.err and refused.err.count("\n") == 1


@pytest.mark.parametrize("template", ["shared", "unet", "separate", "tree"])
def test_every_template_checks_without_an_error(tmp_path: Path, template: str) -> None:
    studio("new", tmp_path / "demo", "--template", template)
    found = studio("check", tmp_path / "demo", "--json").json
    assert [problem for problem in found["problems"] if problem["severity"] == "error"] == []
    assert found["total"]["parameters"] == sum(layer["parameters"] for layer in found["layers"])
    assert found["total"]["parameters"] == sum(part["parameters"] for part in found["shared_by"])
    assert found["separate"]["parameters"] >= found["total"]["parameters"]
    assert all(layer["output_shape"] for layer in found["layers"])


def test_templates_and_methods_list_what_there_is_to_choose() -> None:
    for command in ("templates", "methods", "strategies"):
        items = studio(command, "--json").json
        assert items and all({"id", "name", "summary", "source"} <= set(item) for item in items)
    assert {"shared", "unet", "separate", "tree"} <= {item["id"] for item in studio("templates", "--json").json}
    assert {"equal", "fixed", "uncertainty"} <= {item["id"] for item in studio("methods", "--json").json}
    plans = {item["id"] for item in studio("strategies", "--json").json}
    assert {"joint", "alternating", "hybrid", "transfer", "add_task", "fomaml"} <= plans
    assert not plans & {item["id"] for item in studio("methods", "--json").json}


def test_data_tells_samples_classes_coverage_and_findings(trained: Path) -> None:
    found = studio("data", trained, "--json").json
    assert sum(found["samples"].values()) == 40
    assert set(found["tasks"]) == {"largest", "shapes", "colours", "count", "mask", "depth"}
    assert len(found["tasks"]["mask"]["classes"]) == 7
    assert isinstance(found["findings"], list) and found["unreadable"] == []


def test_evaluate_gives_every_task_its_metrics(trained: Path) -> None:
    found = studio("evaluate", trained, "--split", "test", "--json").json
    tasks = found["tasks"]
    assert 0 <= tasks["largest"]["accuracy"] <= 1
    assert 0 <= tasks["mask"]["mean_iou"] <= 1
    assert tasks["depth"]["rmse"] > 0
    assert found["run"] == "first" and found["split"] == "test"


def test_predict_writes_masks_of_the_pictures_own_size(trained: Path, pictures: list[Path], tmp_path: Path) -> None:
    studio("predict", trained, *pictures, "--out", tmp_path / "out")
    listed = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    masks = sorted((tmp_path / "out").glob("*.mask.png"))
    assert len(masks) == 2, "equal stems get a suffix"
    sizes = {Image.open(path).size for path in masks}
    assert sizes == {(97, 61), (40, 120)}
    assert all(np.asarray(Image.open(path)).max() < 7 for path in masks)
    depths = sorted((tmp_path / "out").glob("*.depth.png"))
    assert all(np.asarray(Image.open(path)).dtype in (np.uint16, np.int32) for path in depths)
    assert len(sorted((tmp_path / "out").glob("*.mask.overlay.png"))) == 2
    assert "largest" in json.dumps(listed)


def test_a_bad_picture_is_named_and_the_rest_is_done(trained: Path, pictures: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 no picture")
    done = studio("predict", trained, broken, pictures[0], "--out", tmp_path / "out", code=1)
    assert "broken.jpg" in done.err
    assert len(list((tmp_path / "out").glob("*.mask.png"))) == 1


def test_a_run_goes_on_to_more_epochs(trained: Path) -> None:
    done = studio("train", trained, "--resume", "first", "--epochs", "3", "--json")
    assert done.json["epochs"] == 3 and done.json["status"] == "finished"
    same = studio(
        "train", trained, "--resume", "first", "--set", "training.epochs=3", "--set", "training.threads=1", "--json"
    )
    assert same.json["epochs"] == 3
    refused = studio("train", trained, "--resume", "first", "--set", "training.batch_size=4", code=1)
    assert "training.epochs, training.device, training.threads" in refused.err and "start_from=first" in refused.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "training.batch_size=minus"), "batch_size"),
        (("--set", "training.nothing=1"), "nothing"),
        (("--set", "tasks.nobody.loss_weight=1"), "nobody"),
        (("--set", "nonsense"), "KEY=VALUE"),
        (("--resume", "nobody"), "nobody"),
        (("--set", "training.balancing.method=pcgrd"), "pcgrad"),
        (("--set", "training.optimizer.method=adm"), "adamw"),
    ],
)
def test_a_wrong_option_is_explained_in_one_line_and_makes_no_run(
    trained: Path, words: tuple[str, ...], told: str
) -> None:
    before = sorted(path.name for path in (trained / "runs").iterdir())
    done = studio("train", trained, *words, code=1)
    assert told in done.err and done.err.strip().count("\n") == 0
    assert sorted(path.name for path in (trained / "runs").iterdir()) == before


def test_bad_usage_is_exit_code_two(trained: Path) -> None:
    assert studio("train", code=None).code == 2
    assert studio("evaluate", trained, "--split", "nowhere", code=None).code == 2


def test_a_damaged_project_is_refused_with_its_place_and_its_recovery_named(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "project.json").write_text('{"format": "mtlstudio-project", "version": 1, "na', encoding="utf-8")
    done = studio("check", folder, code=1)
    assert "project.json" in done.err
    newer = json.loads((trained / "project.json").read_text(encoding="utf-8")) | {"version": 999}
    (folder / "project.json").write_text(json.dumps(newer), encoding="utf-8")
    assert "999" in studio("check", folder, code=1).err


def test_nonsense_in_a_project_file_gives_all_problems_and_never_a_traceback(trained: Path, tmp_path: Path) -> None:
    document = json.loads((trained / "project.json").read_text(encoding="utf-8"))
    layers = document["network"]["layers"]
    layers[1]["type"] = "no_such_layer"
    layers[2]["parameters"] = {"out_channels": -4}
    document["network"]["connections"].append({"source": layers[-1]["id"], "target": layers[1]["id"]})
    folder = tmp_path / "nonsense"
    folder.mkdir()
    (folder / "project.json").write_text(json.dumps(document), encoding="utf-8")
    done = studio("check", folder, "--json", code=1)
    text = done.out or done.err
    assert "no_such_layer" in text


def test_without_a_screen_the_window_says_so_and_names_the_commands(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    environment.pop("QT_QPA_PLATFORM", None)
    done = subprocess.run(
        [sys.executable, "-m", "mtlstudio"], capture_output=True, text=True, env=environment, timeout=60
    )
    assert done.returncode == 1
    assert "screen" in done.stderr and "predict" in done.stderr and done.stderr.count("\n") == 1


def test_without_qt_the_window_says_what_to_install() -> None:
    done = studio(code=1, QT_QPA_PLATFORM="offscreen")
    assert "PySide6-Essentials" in done.err
