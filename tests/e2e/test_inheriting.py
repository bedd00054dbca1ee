"""A network trained, split, joined again, by the commands: predicts the same where nothing was lost, says what was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mtlstudio.project import edits, files
from mtlstudio.project.fields import set_fields
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder
from tests.e2e.families import Said, signals_kept, studio

SMALL = {
    "data.image_size": "48", "training.batch_size": "8", "training.threads": "1", "datasets.sample_scenes.count": "48",
    "datasets.sample_scenes.size": "64",
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project with a run of an epoch, `first`, and a picture."""
    folder: Path = tmp_path_factory.mktemp("inheriting") / "p"
    studio("new", folder, "--template", "shared")
    files.save(folder, set_fields(files.load(folder), SMALL.items()))
    with signals_kept():
        studio("train", folder, "--epochs", 1, "--name", "first")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), dtype=np.uint8)).save(folder / "picture.png")
    return folder


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    with signals_kept():
        yield


def inherit(project: Path, spec: ProjectSpec, source: str, name: str, epochs: int = 0) -> Said:
    """Saves the design and begins a run of it with the weights of another."""
    files.save(project, spec)
    return studio("train", project, "--set", f"training.start_from={source}", "--epochs", epochs, "--name", name)


def rejoined(split: ProjectSpec) -> ProjectSpec:
    """The mask back on the shared stages."""
    for stage in ("stage_2", "stage_3", "stage_4"):
        split = edits.share(split, stage, "mask")
    return split


def predictions(project: Path, run: str) -> dict[str, dict[str, Any]]:
    """What a run says of the picture: task -> values, those of maps as an array."""
    out = project / "out" / run
    studio("predict", project, project / "picture.png", "--out", out, "--run", run)
    (entry,) = json.loads((out / "predictions.json").read_text("utf-8"))["images"]
    found: dict[str, dict[str, Any]] = entry["tasks"]
    for values in found.values():
        if "png" in values:
            values["png"] = np.asarray(Image.open(out / values["png"])).tolist()
    return found


def differing(one: Any, other: Any) -> set[str]:
    """The tasks of which two runs say different things."""
    return {task for task in one if not _alike(one[task], other[task])}


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == pytest.approx(other, abs=1e-5) if isinstance(one, float) else one == other


def test_split_and_joined_it_predicts_as_before(project: Path) -> None:
    before, shared = predictions(project, "first"), files.load(project)
    studio("train", project, "--epochs", 0, "--name", "anew")
    assert differing(before, predictions(project, "anew"))  # it has learnt something to lose

    who_shares = {layer.id: layer.tasks for layer in shared.network.layers}
    split = edits.split_off(shared, "stage_2", {"mask"})
    assert len(split.network.layers) == len(who_shares) + 3
    said = inherit(project, split, "first", "apart")
    assert "Start weights from first" in said.out and "are lost" not in said.out
    assert differing(before, predictions(project, "apart")) == set()

    joined = rejoined(split)
    assert {layer.id: layer.tasks for layer in joined.network.layers} == who_shares
    said = inherit(project, joined, "apart", "together")
    assert "Start weights from apart" in said.out and "are lost" not in said.out
    assert differing(before, predictions(project, "together")) == set()


def test_joined_after_each_learnt_on_its_own_it_says_what_is_lost(project: Path) -> None:
    split = edits.split_off(RunFolder(project / "runs" / "first").spec(), "stage_2", {"mask"})
    inherit(project, split, "first", "learnt", epochs=1)
    before = predictions(project, "learnt")
    said = inherit(project, rejoined(split), "learnt", "one")
    for stage in ("Stage 2", "Stage 3", "Stage 4"):
        assert f"The weights of “{stage} (Shape mask)” in learnt are lost: “{stage}” has others." in said.out
    assert said.out.count("are lost") == 3
    assert differing(before, predictions(project, "one")) == {"mask"}
