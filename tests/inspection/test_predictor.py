"""Predictions: at the picture's own size, as in training, nothing random, nothing kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mtlstudio.base.errors import StudioError
from mtlstudio.data.project import open_data
from mtlstudio.inspection.predictor import Predictor
from mtlstudio.network.trained import load_network
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.predictions import ClassPrediction, MaskPrediction, ValuesPrediction
from tests.training.small import TASKS, project, trained


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("project"), project(epochs=2))


@pytest.fixture(scope="module")
def predictor(run: RunFolder) -> Predictor:
    return Predictor(load_network(run, "best"), "cpu")


@pytest.mark.parametrize("size", [(32, 32), (50, 31), (1, 7), (200, 90)])
def test_predictions_have_the_pictures_size(predictor: Predictor, size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    found = predictor.predict(image)
    assert tuple(found) == TASKS
    assert isinstance(found["mask"], MaskPrediction) and found["mask"].indices.shape == size
    assert isinstance(found["largest"], ClassPrediction)
    assert found["largest"].probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert isinstance(found["count"], ValuesPrediction) and found["count"].values.shape == (1,)


def test_the_network_sees_what_it_was_validated_on(run: RunFolder, predictor: Predictor) -> None:
    """The mean class accuracy over the validation pictures equals what the last epoch's validation measured."""
    from mtlstudio.runs.events import EpochFinished

    data = open_data(run.spec(), run.project_folder)
    hits = []
    for item in data.items("val"):
        reading = data.read(item)
        found = predictor.predict(reading.image, tasks=["largest"])["largest"]
        assert isinstance(found, ClassPrediction)
        hits.append(found.index == int(reading.targets["largest"]))
    best = [event for event in run.events() if isinstance(event, EpochFinished) and event.best][-1]
    assert np.mean(hits) == pytest.approx(best.metrics["largest"]["accuracy"])


def test_a_picture_is_predicted_the_same_alone_and_among_others(predictor: Predictor) -> None:
    images = [np.random.default_rng(seed).integers(0, 255, (40, 40, 3), dtype=np.uint8) for seed in range(3)]
    together = predictor.outputs(images)
    for number, image in enumerate(images):
        for task, output in predictor.outputs([image]).items():
            torch.testing.assert_close(output[0], together[task][number], rtol=1e-4, atol=1e-5)


def test_nothing_random_and_no_gradient(predictor: Predictor) -> None:
    image = np.full((20, 20, 3), 99, dtype=np.uint8)
    before = torch.random.get_rng_state()
    one, other = predictor.outputs([image]), predictor.outputs([image])
    assert all(torch.equal(one[task], other[task]) and not one[task].requires_grad for task in TASKS)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_missing_device_or_checkpoint_is_told(run: RunFolder) -> None:
    with pytest.raises(StudioError, match="abacus"):
        Predictor(load_network(run), "abacus")
    with pytest.raises(StudioError, match="no checkpoint 12345"):
        load_network(run, 12345)


def test_weights_of_another_network_are_refused(run: RunFolder, tmp_path: Path) -> None:
    import shutil

    copy = RunFolder(tmp_path / "runs" / "copy")
    shutil.copytree(run.path, copy.path)
    values = copy._values()
    layer = next(item for item in values["project"]["network"]["layers"] if item["id"] == "stem")
    layer["parameters"]["out_channels"] = 16
    copy.update(project=values["project"])
    with pytest.raises(StudioError, match="of another network"):
        load_network(copy)
