"""A network of two inputs: trained, measured, predicted with both of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.project import ProjectData, open_data
from mtlstudio.inspection.evaluate import evaluate
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import inputs_of, load_network, read_facts
from mtlstudio.project.spec import Connection, InputSpec, LayerSpec, ProjectSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE
from mtlstudio.runs.events import EpochFinished, RunFinished
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training.trainer import Trainer
from tests.training.small import TASKS, losses, project, trained


def two_inputs(**training: object) -> ProjectSpec:
    """The small project with the scenes' depth as a second input, joined to the picture before the first layer."""
    spec = project(**{"epochs": 1, **training})
    net = spec.network
    everyone = frozenset(TASKS)
    layers = (
        *net.layers, LayerSpec("deep", "Depth", "input", everyone, FrozenDict(input="depth")),
        LayerSpec("both", "Both", "concatenate", everyone),
    )  # fmt: skip
    kept = [item for item in net.connections if item.source != "input"]
    joined = (Connection("input", "both"), Connection("deep", "both"), Connection("both", "stem"))
    net = replace(net, layers=layers, connections=(*kept, *joined))
    dataset = replace(spec.datasets[0], inputs=FrozenDict(depth="depth"))
    inputs = (*spec.inputs, InputSpec("depth", "Depth", "map", 1))
    return replace(spec, inputs=inputs, datasets=(dataset,), network=net)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("project"), two_inputs())


@pytest.fixture(scope="module")
def data(run: RunFolder) -> ProjectData:
    return open_data(run.spec(), run.project_folder)


def test_it_trains_and_validates(run: RunFolder) -> None:
    events = list(run.events())
    assert isinstance(events[-1], RunFinished)
    assert all(any(isinstance(event, EpochFinished) and event.metrics[task] for event in events) for task in TASKS)


def test_the_checkpoint_knows_what_the_second_input_is_standardised_with(run: RunFolder, data: ProjectData) -> None:
    loaded = load_network(run)
    (mean,), (std,) = loaded.inputs["depth"]
    depths = np.concatenate([data.read_inputs(item, 32, 32)["depth"].ravel() for item in data.items("train")])
    assert mean == pytest.approx(depths.mean(dtype=np.float64), rel=1e-4)
    assert std == pytest.approx(depths.std(dtype=np.float64), rel=1e-3)


def test_what_it_says_depends_on_both_inputs(run: RunFolder, data: ProjectData) -> None:
    predictor = Predictor(load_network(run, "last"), "cpu")
    items = data.items("val")[:2]
    images = [data.read_image(item) for item in items]
    given = [data.read_inputs(item, 32, 32) for item in items]
    own, swapped = predictor.outputs(images, given), predictor.outputs(images, given[::-1])
    other = predictor.outputs(images[::-1], given)
    for task in TASKS:
        assert not torch.allclose(own[task], swapped[task]) and not torch.allclose(own[task], other[task])


def test_evaluation_measures_what_validation_did(run: RunFolder) -> None:
    found = evaluate(run.project_folder, run, "val", "last", device="cpu")
    epoch = [event for event in run.events() if isinstance(event, EpochFinished)][-1]
    assert found.failures == ()
    assert found.metrics["largest"]["accuracy"] == pytest.approx(epoch.metrics["largest"]["accuracy"])
    assert found.metrics["count"]["mae"] == pytest.approx(epoch.metrics["count"]["mae"], rel=1e-4)


def test_a_missing_second_input_is_asked_for(run: RunFolder) -> None:
    predictor = Predictor(load_network(run, "last"), "cpu")
    assert [item.id for item in predictor.beside] == ["depth"]
    with pytest.raises(StudioError, match="also needs Depth"):
        predictor.predict(np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(StudioError, match=r"Depth has the shape \(32, 32, 2\)"):
        predictor.predict(np.zeros((32, 32, 3), np.uint8), {"depth": np.zeros((32, 32, 2))})


def test_a_resumed_run_goes_on_with_the_same_figures(run: RunFolder, tmp_path: Path) -> None:
    spec = two_inputs(epochs=2)
    whole = trained(tmp_path, spec, "whole")
    halves = create_run(tmp_path, "halves", replace(spec, training=replace(spec.training, checkpoint_steps=2)))
    events = Trainer(spec, tmp_path, halves).run()
    for event in events:
        if getattr(event, "step", 0) == 2 and type(event).__name__ == "CheckpointWritten":
            events.close()
            break
    list(Trainer(spec, tmp_path, halves, resume=True).run())
    assert losses(halves) == losses(whole)


def test_facts_of_older_checkpoints_know_no_inputs_and_still_load(run: RunFolder) -> None:
    facts = read_facts(run.store.find("last").path / NETWORK_FILE)
    assert set(facts["inputs"]) == {"depth"}
    old = {name: value for name, value in facts.items() if name != "inputs"}
    assert inputs_of(old) == {} and len(old["mean"]) == 3
    assert json.loads(json.dumps(facts)) == facts
