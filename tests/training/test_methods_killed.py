"""Every method's run is killed with signal 9 between two checkpoints of an epoch, and resumed: its losses are those of a
run that was never killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.settings import MethodSpec
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training import loop
from mtlstudio.training.methods import balancing_methods
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses, project, trained

METHODS = [method.id for method in balancing_methods()]
KILLED_AFTER, RESUMED_FROM = 7, 6  # of 4 steps an epoch, a checkpoint after every third step and every epoch
# Torch is imported once: each training is a fork of this process, which has started no thread.
PROGRAM = """
import json, os, signal, sys
from pathlib import Path
import torch
from mtlstudio.runs.events import StepsMeasured
from mtlstudio.runs.folder import RunFolder
from mtlstudio.training import loop
from mtlstudio.training.trainer import Trainer
import mtlstudio.data.loading, mtlstudio.data.statistics, mtlstudio.network.compile, torchvision.transforms.v2
loop.MEASURE_SECONDS = 0.0
for line in sys.stdin:
    path, last = json.loads(line)
    child = os.fork()
    if child == 0:
        run = RunFolder(Path(path))
        for event in Trainer(run.spec(), run.project_folder, run).run():
            if isinstance(event, StepsMeasured) and event.step >= last:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Nursery:
    """Trains runs in processes of their own, each killed after a step."""

    process: subprocess.Popen[str]

    def killed(self, run: RunFolder, after: int) -> int:
        """Trains until then; returns how the process ended."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(run.path), after]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()


def settings(method: str, **values: Any) -> dict[str, Any]:
    return {
        "balancing": MethodSpec(method, FrozenDict(values)), "epochs": 3, "missing": 0.5, "checkpoint_steps": 3,
        "count": 24,
    }  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no kill -9 here")
@pytest.mark.parametrize(
    "chosen",
    [
        *(settings(method) for method in METHODS), settings("mgda", every=5), settings("gradnorm", every=2),
        settings("gradvac", level="features"), settings("auto_lambda", every=2),
    ],
    ids=lambda chosen: " ".join(map(str, [chosen["balancing"].method, *chosen["balancing"].parameters.values()])),
)  # fmt: skip
def test_killed_and_resumed_equals_unbroken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nursery: Nursery, chosen: dict[str, Any]
) -> None:
    monkeypatch.setattr(loop, "MEASURE_SECONDS", 0.0)
    spec = project(**chosen)
    run = create_run(tmp_path, "killed", spec)
    assert nursery.killed(run, KILLED_AFTER) == -signal.SIGKILL
    assert run.info().status == "interrupted" and run.store.steps()[-1] == RESUMED_FROM
    assert len(losses(run)) == KILLED_AFTER, "what was logged after the checkpoint is there, and will be cut"
    list(Trainer(spec, tmp_path, run, resume=True).run())
    whole = trained(tmp_path, spec, "whole")
    assert run.info().status == whole.info().status == "finished"
    assert len(losses(whole)) == 12 and losses(run) == losses(whole)
    one, other = (load_file(of.store.find("last").path / "network.safetensors") for of in (run, whole))
    assert all(torch.equal(one[name], other[name]) for name in other)
