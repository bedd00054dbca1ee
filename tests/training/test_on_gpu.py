"""Training on a CUDA device: mixed precision, memory told, resume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mtlstudio.inspection.evaluate import evaluate
from mtlstudio.project.spec import MethodSpec
from mtlstudio.runs.events import EpochFinished, RunFinished, RunStarted, StepsMeasured
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training.costs import measured
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses, of_kind, project, trained
from tests.training.test_ranks import assert_close, plain, torchrun

pytestmark = pytest.mark.gpu


@pytest.mark.parametrize("precision", ["auto", "fp32", "bf16", "fp16"])
def test_it_trains_in_every_precision(tmp_path: Path, precision: str) -> None:
    run = trained(tmp_path, project(device="auto", precision=precision, missing=0.3))
    events = list(run.events())
    started = of_kind(events, RunStarted)[0]
    assert started.device.startswith("cuda") and run.info().device == "cuda"
    assert isinstance(events[-1], RunFinished), events[-1]
    assert of_kind(events, StepsMeasured)[-1].memory > 0
    assert of_kind(events, EpochFinished)[-1].metrics["mask"]["mean_iou"] is not None
    assert evaluate(tmp_path, run, "val").samples > 0


@pytest.mark.parametrize("balancing", ["fixed", "uncertainty"])
def test_a_broken_off_run_goes_on_as_it_would_have(tmp_path: Path, balancing: str) -> None:
    settings = {"device": "cuda", "precision": "fp32", "deterministic": True, "balancing": MethodSpec(balancing)}
    spec = project(**settings)
    whole = trained(tmp_path, spec, "whole")
    run = create_run(tmp_path, "broken", spec)
    events = Trainer(spec, tmp_path, run).run()
    while not isinstance(next(events), EpochFinished):
        pass
    events.close()
    list(Trainer(spec, tmp_path, run, resume=True).run())
    for row, reference in zip(losses(run), losses(whole), strict=True):
        assert row == pytest.approx(reference, rel=1e-5, abs=1e-7)


def test_it_goes_on_on_the_processor(tmp_path: Path) -> None:
    spec = project(device="cuda", epochs=1)
    run = trained(tmp_path, spec)
    moved = replace(spec, training=replace(spec.training, device="cpu", epochs=2))
    events = list(Trainer(moved, tmp_path, run, resume=True).run())
    assert isinstance(events[-1], RunFinished) and run.info().device == "cpu"


def test_costs_of_methods_are_told_with_the_measured_peak(tmp_path: Path) -> None:
    found = {cost.method: cost for cost in measured(project(device="cuda"), tmp_path, ["pcgrad", "uncertainty"])}
    assert all(cost.measured and cost.peak for cost in found.values())
    assert found["equal"].memory == 0 < found["pcgrad"].memory
    assert found["pcgrad"].ratio > 1


def test_two_gpus_end_where_one_does(tmp_path: Path) -> None:
    """Batch norm is synchronised: it need not be left out."""
    if torch.cuda.device_count() < 2:
        pytest.skip("needs two CUDA devices, one per process")
    settings = {"device": "cuda", "precision": "fp32", "deterministic": True, "epochs": 1}
    for name, method in (("equal", "equal"), ("upgrad", "upgrad")):
        create_run(tmp_path / "two", name, plain("batch", balancing=MethodSpec(method), **settings))
    done = torchrun(2, "-m", "tests.training.company", str(tmp_path / "two"))
    assert done.returncode == 0, done.stderr[-4000:]
    for name in ("equal", "upgrad"):
        two = RunFolder(tmp_path / "two" / "runs" / name)
        one = trained(tmp_path / "one", two.spec(), name)
        assert_close(losses(one), losses(two))
