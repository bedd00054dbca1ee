"""The picture given back: its target is the network's own input, its figures those of the textbook."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.predictions import ColourMap
from mtlstudio.tasks.registry import task_type

TASK = task_type("reconstruction").bind(TaskSpec("r", "R", "reconstruction"), {"mean": 0.4, "std": 0.2})
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 20, 24, 3), np.uint8)


def test_psnr_and_mae_are_the_means_over_pictures() -> None:
    truth = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)
    said = torch.rand((3, 3, 20, 24), generator=torch.Generator().manual_seed(1))
    metrics = TASK.metrics()
    metrics.update((said - 0.4) / 0.2, truth, torch.tensor([True, False, True]))
    errors = (said - truth / 255).double().numpy()[[0, 2]]
    psnr = np.mean([20 * np.log10(1 / np.sqrt(np.mean(error**2))) for error in errors])
    assert metrics.compute() == {
        "psnr": pytest.approx(psnr, rel=1e-5),
        "mae": pytest.approx(np.abs(errors).mean(), rel=1e-5),
    }


def test_a_perfect_picture_has_a_finite_figure() -> None:
    truth = torch.from_numpy(IMAGES[:1]).permute(0, 3, 1, 2)
    metrics = TASK.metrics()
    metrics.update((truth / 255 - 0.4) / 0.2, truth, torch.tensor([True]))
    assert metrics.compute()["psnr"] > 80


def test_it_is_painted_and_saved_as_the_picture_it_is() -> None:
    truth = TASK.truth(IMAGES[0], Fit(24, 20, 16))
    assert truth is not None
    painting, dense = TASK.paint(truth), TASK.dense(truth)
    assert isinstance(painting, ColourMap) and np.array_equal(painting.image, IMAGES[0])
    assert dense is not None and dense[0].dtype == np.uint8 and np.array_equal(dense[0], IMAGES[0])


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(StudioError, match="no picture"):
        TASK.encode(np.zeros((4, 4), np.float32), Fit(4, 4, 8))
