"""A task without any label in the training, the validation or the test pictures: each command says what follows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mtlstudio.cli.main import main
from mtlstudio.project import files
from mtlstudio.runs.folder import find_run

SMALL = ("--set", "data.image_size=32", "--set", "training.batch_size=8", "--epochs", "2")


@pytest.fixture(params=["train", "val", "test"])
def split(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def folder(tmp_path: Path, split: str) -> Path:
    """48 pictures with a class each, and with a weight outside of one split."""
    dice, rows = np.random.default_rng(0), ["file,split,kind,weight"]
    (tmp_path / "data" / "images").mkdir(parents=True)
    for number in range(48):
        part = ("train", "train", "val", "test")[number % 4]
        Image.fromarray(dice.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(
            tmp_path / "data" / "images" / f"{number}.png"
        )
        weight = "" if part == split else f"{number % 7}.5"
        rows.append(f"{number}.png,{part},{('cat', 'dog')[number // 4 % 2]},{weight}")
    (tmp_path / "data" / "labels.csv").write_text("\n".join(rows))
    assert main(["new", str(tmp_path / "project"), "--data", str(tmp_path / "data")]) == 0
    return tmp_path / "project"


def test_what_each_command_says(folder: Path, split: str, capsys: pytest.CaptureFixture[str]) -> None:
    def studio(*words: str, code: int = 0) -> tuple[str, str]:
        capsys.readouterr()
        assert main([words[0], str(folder), *words[1:]]) == code
        said = capsys.readouterr()
        return said.out, said.err

    assert f"weight: no {split} image has one" in studio("data")[0]
    assert files.load(folder).task_ids == ("kind", "weight")

    told = studio("train", *SMALL, "--name", "run")[0]
    notes = {
        "train": "No training picture has a target of weight: it learns nothing.",
        "val": "No validation picture has a target of weight: the best epoch is judged without it.",
    }
    assert [note for note in notes.values() if note in told] == ([notes[split]] if split in notes else [])

    for other in ("train", "val", "test"):
        said = studio("evaluate", "--split", other)[0]
        assert ("has a label of weight: nothing can be said of it" in said) == (other == split)
        document = json.loads(studio("evaluate", "--split", other, "--json")[0])
        assert all((value is None) == (other == split) for value in document["tasks"]["weight"].values())
        assert document["tasks"]["kind"]["accuracy"] is not None

    out, err = studio("baselines", *SMALL, "--seeds", "1", "--json", code=1 if split == "train" else 0)
    answer = json.loads(out)
    assert answer["tasks"]["kind"]["verdict"] != "unknown"
    assert (answer["tasks"]["weight"]["verdict"] == "unknown") == (split != "val")
    report = Path(answer["report"]).read_text(encoding="utf-8")
    reason = {
        "train": "no training picture has a target of any task. Say in the Data workspace",
        "val": "No validation picture has a label of it: alone it is measured after the last epoch: weight.",
        "test": "no picture of the split test has a label of weight",
    }[split]
    assert reason in report and reason in json.dumps(answer, ensure_ascii=False)
    assert (err.count("\n"), "alone:weight, seed 0" in err) == ((1, True) if split == "train" else (0, False))

    alone = find_run(folder, "baselines_001_alone_weight_s0")
    if split == "val":
        assert alone.summary().best_epoch == 2, "where no epoch can be judged, the last one counts, here as in evaluate"
        assert json.loads(studio("evaluate", "--run", alone.id, "--json")[0])["epoch"] == 2
    assert "mean rank" in studio("compare")[0].lower()
