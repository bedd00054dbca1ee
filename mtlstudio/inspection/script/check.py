"""Runs written scripts in a process of its own that has torch and torchvision alone, and compares what they say."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.inspection.script.whole import Script
from mtlstudio.network.export.subject import Subject
from mtlstudio.network.export.verify import Batch, compare, live_outputs, random_batches

_RUNNER = """
import importlib.util, sys
from pathlib import Path

ABSENT = ("mtlstudio", "safetensors", "PySide6", "pyqtgraph", "platformdirs", "torchmetrics", "torchjd")


class Gate:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return None


sys.meta_path.insert(0, Gate())
import torch

torch.set_num_threads(int(sys.argv[2]))
folder = Path(sys.argv[1])
found = []
for number, case in enumerate(torch.load(folder / "cases.pt", weights_only=True)):
    try:
        spec = importlib.util.spec_from_file_location(f"script{number}", case["script"])
        script = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        network = getattr(script, case["class"])()
        script.load_weights(network, Path(case["weights"]))
        network.eval()
        with torch.no_grad():
            outputs = [network(**inputs) for inputs in case["batches"]]
        torch.manual_seed(0)
        size = len(next(iter(outputs[-1].values())))
        data = script.StandInData()
        drawn = [data[0][1] for _ in range(size)]
        targets = {task: torch.stack([one[task] for one in drawn]) for task in drawn[0]}
        losses = script.losses_of(outputs[-1], targets)
        history = script.train(network, data, steps=case["steps"]) if case["steps"] else []
        found.append({"outputs": outputs, "targets": targets, "losses": losses, "history": history, "error": ""})
    except Exception as error:
        found.append({"error": f"{type(error).__name__}: {error}"})
torch.save(found, folder / "found.pt")
"""


@dataclass(frozen=True)
class Case:
    """A script to be run.

    Attributes:
        subject: what it was written from.
        script: as written.
        file: of the script.
        weights: of its weights.
        steps: of training to try.
    """

    subject: Subject
    script: Script
    file: Path
    weights: Path
    steps: int = 0


@dataclass(frozen=True)
class Ran:
    """What a script did.

    Attributes:
        differences: task id -> largest difference of its outputs from the live network's.
        losses: task id -> (its loss, the live task's) on stand-in targets.
        history: total loss of each step of training.
        error: what it raised; "" where all went well.
    """

    differences: Mapping[str, float]
    losses: Mapping[str, tuple[float, float]]
    history: tuple[float, ...] = ()
    error: str = ""


def run_scripts(cases: Sequence[Case], cancelled: Callable[[], bool] = lambda: False) -> list[Ran]:
    """Runs scripts, all in one process, and compares each with its live network.

    Raises:
        StudioError: the process ended without an answer, or an output differs.
    """
    with tempfile.TemporaryDirectory(prefix="mtlstudio-export-") as name:
        folder = Path(name)
        batches = [random_batches(case.subject.spec) for case in cases]
        torch.save([_asked(case, given) for case, given in zip(cases, batches, strict=True)], folder / "cases.pt")
        _run(folder, cancelled)
        found = torch.load(folder / "found.pt", weights_only=True)
    return [_compared(case, given, said) for case, given, said in zip(cases, batches, found, strict=True)]


def _asked(case: Case, batches: Sequence[Batch]) -> dict[str, Any]:
    inputs = case.script.model.inputs
    return {
        "script": str(case.file), "class": case.script.model.class_name, "weights": str(case.weights),
        "steps": case.steps, "batches": [{inputs[key]: value for key, value in batch.items()} for batch in batches],
    }  # fmt: skip


def _run(folder: Path, cancelled: Callable[[], bool]) -> None:
    command = [sys.executable, "-I", "-B", "-c", _RUNNER, str(folder), str(torch.get_num_threads())]
    with open(folder / "told.txt", "wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT, cwd=folder)
        try:
            while process.poll() is None and not cancelled():
                time.sleep(0.02)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if not (folder / "found.pt").exists() and not cancelled():
        lines = (folder / "told.txt").read_text("utf-8", "replace").strip().splitlines()
        raise StudioError(mark("the script did not run: {reason}"), reason=lines[-1] if lines else process.returncode)


def _compared(case: Case, batches: Sequence[Batch], said: Mapping[str, Any]) -> Ran:
    if said["error"]:
        return Ran({}, {}, error=said["error"])
    live = live_outputs(case.subject.network, batches)
    differences = compare(live, said["outputs"], case.file.name)
    losses = {
        task: (float(loss), _live_loss(case.subject, task, live[-1][task], said["targets"][task]))
        for task, loss in said["losses"].items()
        if task not in case.script.unwritten
    }
    return Ran(differences, losses, tuple(said["history"]))


def _live_loss(subject: Subject, task: str, output: Tensor, target: Tensor) -> float:
    present = torch.ones(len(output), dtype=torch.bool)
    written = subject.tasks[task].written()
    given = target if written is None or written.collated is None else written.collated(target)
    return float(subject.tasks[task].loss(output, given, present).value)
