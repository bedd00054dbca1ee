"""Twenty kills at random moments of training and saving: the run resumes, and its losses equal those of an unbroken one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.project.spec import MethodSpec, ProjectSpec, StageSpec
from mtlstudio.runs.events import EpochFinished
from mtlstudio.runs.folder import RunFolder, create_run
from tests.training.small import losses, project, trained

KILLS = 20
# Torch is imported once: each training is a fork of this process, which has started no thread yet.
PROGRAM = """
import os, sys
from pathlib import Path
import torch
from mtlstudio.runs.folder import RunFolder
from mtlstudio.training import loop
from mtlstudio.training.trainer import Trainer
import mtlstudio.data.loading, mtlstudio.data.statistics, mtlstudio.network.compile, torchvision.transforms.v2
loop.MEASURE_SECONDS = 0.0
run = RunFolder(Path(sys.argv[1]))
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        for event in Trainer(run.spec(), run.project_folder, run, resume=line.strip() == "resume").run():
            pass
        os._exit(0 if event.kind == "run_finished" else 1)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Trainings:
    """Trains a run in processes of their own."""

    def __init__(self, run: RunFolder, root: Path) -> None:
        command = [sys.executable, "-c", PROGRAM, str(run.path)]
        self._nursery = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, resume: bool) -> int:
        """Starts one; returns its process number."""
        assert self._nursery.stdin is not None
        self._nursery.stdin.write("resume\n" if resume else "start\n")
        self._nursery.stdin.flush()
        return int(self._read())

    def exit_code(self) -> int:
        """Waits for its end; negative: the signal that killed it."""
        return int(self._read())

    def close(self) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.close()
        self._nursery.wait(30)

    def _read(self) -> str:
        assert self._nursery.stdout is not None
        return self._nursery.stdout.readline()


def long_enough() -> ProjectSpec:
    """Two hundred steps, a checkpoint after every third: saving is under way most of the time."""
    return project(
        missing=0.3, epochs=50, checkpoint_steps=3, schedule=MethodSpec("plateau"), balancing=MethodSpec("uncertainty")
    )


def killed(trainings: Trainings, run: RunFolder, resume: bool, growth: float, delay: float) -> int:
    """Starts a training and kills it `delay` seconds after its log grew by so many bytes; returns how it ended."""
    log = run.log.path
    child = trainings.start(resume)
    deadline = time.monotonic() + 60
    lowest = size = log.stat().st_size if log.exists() else 0
    while time.monotonic() < deadline and size <= lowest + growth:
        time.sleep(0.001)
        size = log.stat().st_size if log.exists() else 0
        lowest = min(lowest, size)  # the resume cuts it
    time.sleep(delay)
    subprocess.run(["kill", "-9", str(child)], check=False, stderr=subprocess.DEVNULL)
    return trainings.exit_code()


def in_stages() -> ProjectSpec:
    """The same in stages of every kind, with a task that soon rests."""
    stages = (
        StageSpec("Meta", meta="fomaml", inner_steps=1), StageSpec("Turns", order="batch"),
        StageSpec("Branches", trains="branches"), StageSpec("Mask", tasks=("mask",), trains="own", restart=True),
        StageSpec("Few", old_tasks=("count",), rehearsal=0.5),
    )  # fmt: skip
    spec = project(missing=0.3, epochs=50, checkpoint_steps=3, balancing=MethodSpec("pcgrad"), strategy=stages)
    tasks = tuple(replace(task, patience=4) if task.id == "largest" else task for task in spec.tasks)
    return replace(spec, tasks=tasks)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
@pytest.mark.parametrize("spec", [long_enough(), in_stages()], ids=["joint", "stages"])
def test_twenty_kills(tmp_path: Path, root: Path, spec: ProjectSpec) -> None:
    whole = trained(tmp_path, spec, "whole")
    run = create_run(tmp_path, "killed", spec)
    trainings, dice, kills, reached = Trainings(run, root), random.Random(7), 0, set()
    stretch = 1.2 * whole.log.path.stat().st_size / KILLS  # so that about half of the run is done by the last kill
    try:
        while kills < KILLS:
            end = killed(trainings, run, kills > 0, growth=dice.uniform(0, stretch), delay=dice.uniform(0, 0.02))
            assert end == -signal.SIGKILL, "the run was over before it was killed twenty times"
            kills += 1
            assert run.info().status == "interrupted" and run.spec() == spec
            reached.add(run.store.steps()[-1] if run.store.steps() else 0)
        trainings.start(resume=True)
        assert trainings.exit_code() == 0
    finally:
        trainings.close()
    assert len(reached) > 5, "the kills fell too early to prove anything"
    assert run.info().status == "finished"
    assert losses(run) == losses(whole)
    epochs = [
        [(item.train_losses, item.val_losses, item.metrics, item.best) for item in of.events() if isinstance(item, EpochFinished)]
        for of in (run, whole)
    ]  # fmt: skip
    assert epochs[0] == epochs[1]
    one, other = (load_file(of.store.find("last").path / "network.safetensors") for of in (run, whole))
    assert all(torch.equal(one[name], other[name]) for name in other)
    assert not [*run.store.folder.glob(".*"), *run.path.glob(".*")]
