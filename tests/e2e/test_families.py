"""Every template, by the commands alone: made, checked, trained, measured, taken away, asked about a picture.

At full size and with whole processes: `python -m tests.e2e.full_sweep`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from mtlstudio.network.trained import LoadedNetwork, load_network
from mtlstudio.runs.folder import RunFolder
from tests.e2e.families import (
    ALLOWED_DIFFERENCE,
    errors_of,
    largest_difference,
    not_finite,
    random_inputs,
    said_alone,
    said_by_onnx,
    signals_kept,
    studio,
)

IDS = [item["id"] for item in studio("templates", "--json").json]
SMALL = ("training.batch_size=8", "training.threads=1", "data.image_size=48")


@dataclass
class Family:
    """A project of one template. What follows of it is made when it is first asked for."""

    template: str
    folder: Path

    @cached_property
    def made(self) -> dict[str, Any]:
        """What `new` says."""
        said: dict[str, Any] = studio("new", self.folder, "--template", self.template, "--json").json
        return said

    @cached_property
    def run(self) -> dict[str, Any]:
        """What `train` says of an epoch on few, small pictures."""
        (data,) = self.made["datasets"]
        changes = [*SMALL, f"datasets.{data['id']}.count=48"]
        if data["layout"] == "scenes":
            changes.append(f"datasets.{data['id']}.size=64")
        words = [word for change in changes for word in ("--set", change)]
        said: dict[str, Any] = studio("train", self.folder, "--epochs", 1, "--name", "first", *words, "--json").json
        return said

    @cached_property
    def loaded(self) -> LoadedNetwork:
        """The live network."""
        return load_network(RunFolder(Path(self.run["path"])))

    @cached_property
    def inputs(self) -> dict[str, Tensor]:
        """Random input of two samples."""
        return random_inputs({item.id: item.channels for item in self.loaded.spec.inputs}, 48, 2, seed=7)

    @cached_property
    def outputs(self) -> dict[str, Tensor]:
        """What the live network says of it."""
        with torch.no_grad():
            found: dict[str, Tensor] = self.loaded.network(self.inputs)
        return found

    def taken(self, format_: str, name: str) -> Path:
        """A file that `export` wrote and found right."""
        file = self.folder / "taken" / name
        words = ("--run", self.run["run"], "--format", format_, "--out", file, "--json")
        told = studio("export", self.folder, *words).json
        assert told["verified"] and told["differences"].keys() == self.outputs.keys()
        assert max(told["differences"].values()) <= ALLOWED_DIFFERENCE
        return file

    @cached_property
    def script(self) -> Path:
        """The script, its weights beside it."""
        return self.taken("python", "network.py")


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Family]:
    folder = tmp_path_factory.mktemp("families")
    return {template: Family(template, folder / template) for template in IDS}


@pytest.fixture(params=IDS)
def family(families: dict[str, Family], request: pytest.FixtureRequest) -> Family:
    return families[request.param]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    with signals_kept():
        yield


def test_there_are_at_least_fourteen() -> None:
    assert len(set(IDS)) == len(IDS) >= 14


def test_new_makes_a_project_without_errors(family: Family) -> None:
    assert family.made["template"] == family.template and all(family.made["samples"].values())
    found = studio("check", family.folder, "--json").json
    assert errors_of(found["problems"]) == []
    assert found["total"]["parameters"] == sum(part["parameters"] for part in found["shared_by"]) > 0
    assert {task for layer in found["layers"] for task in layer["tasks"]} == set(family.made["tasks"])


def test_an_epoch_of_training_gives_every_task_its_figures(family: Family) -> None:
    assert (family.run["status"], family.run["epochs"], family.run["failure"]) == ("finished", 1, None)
    measured = studio("evaluate", family.folder, "--json").json
    assert family.run["tasks"].keys() == measured["tasks"].keys() == family.made["tasks"].keys()
    assert measured["samples"] > 0 and measured["failures"] == []
    assert not_finite(family.run["tasks"]) == not_finite(measured["tasks"]) == set()
    assert all(figures for figures in measured["tasks"].values())


def test_as_onnx_it_says_the_same(family: Family) -> None:
    pytest.importorskip("onnxruntime")
    file = family.taken("onnx", "network.onnx")
    assert largest_difference(said_by_onnx(file, family.inputs), family.outputs) <= ALLOWED_DIFFERENCE


def test_it_predicts_a_picture(family: Family, tmp_path: Path) -> None:
    assert family.run["status"] == "finished"
    picture, out = tmp_path / "picture.png", tmp_path / "out"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)).save(picture)
    beside = [item.name for item in family.loaded.spec.inputs if item.type != "image"]
    said = studio("predict", family.folder, picture, "--out", out, code=1 if beside else 0)
    if beside:  # a strange picture brings no depth map
        assert said.err.count("\n") == 1 and beside[0] in said.err and "picture.png" in said.err
        return
    assert said.err == "" and {path.name for path in out.iterdir()} >= {"predictions.json"}
    masks = [Image.open(path).size for path in out.glob("*.mask.png")]
    assert masks == [(70, 50)] * ("mask" in family.made["tasks"])


def test_every_script_runs_and_agrees_where_torch_and_torchvision_are_alone(
    families: dict[str, Family], tmp_path: Path
) -> None:
    said = said_alone(tmp_path, {name: (family.script, family.inputs) for name, family in families.items()})
    differences = {name: largest_difference(said[name], family.outputs) for name, family in families.items()}
    assert {name: found for name, found in differences.items() if not found <= ALLOWED_DIFFERENCE} == {}
