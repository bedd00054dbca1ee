"""What the tests of all templates have in common: commands, and scripts run where torch and torchvision are alone."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import math
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtlstudio.cli.main import main

ALLOWED_DIFFERENCE = 1e-4
"""How far what was taken away may be from the live network."""

ALONE = """
import importlib, sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

FOLDER, ALLOWED = sys.argv[1], {*sys.argv[2].split(","), *sys.stdlib_module_names}


class Few:
    @staticmethod
    def find_spec(name, path=None, target=None):
        allowed = name.partition(".")[0] in ALLOWED or name.startswith("_sysconfigdata")
        return PathFinder.find_spec(name, path, target) if allowed else None


sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Few]
for refused in ("mtlstudio", "safetensors", "onnx"):
    try:
        importlib.import_module(refused)
    except ModuleNotFoundError:
        continue
    sys.exit(f"{refused} can be imported")

import runpy
import torch

torch.set_num_threads(1)
said = {}
for name, (file, inputs) in torch.load(f"{FOLDER}/asked.pt", weights_only=True).items():
    names = runpy.run_path(file)
    network = names[names["train"].__annotations__["network"]]()
    names["load_weights"](network, names["WEIGHTS"])
    network.eval()
    with torch.no_grad():
        said[name] = network(**inputs)
    sys.argv[:] = [file, "--steps", "1"]
    runpy.run_path(file, run_name="__main__")
torch.save(said, f"{FOLDER}/said.pt")
"""
"""Reads asked.pt (name -> (script, inputs)); each script says something of the inputs, then runs as it is."""


@dataclass(frozen=True)
class Said:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def studio(*words: object, code: int | None = 0) -> Said:
    """Runs a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        found = main([str(word) for word in words])
    assert code is None or found == code, f"{words}: exit {found}\n{out.getvalue()}\n{err.getvalue()}"
    return Said(found, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def signals_kept() -> Iterator[None]:
    """The command `train` takes the signals of its process, which here is the tests'."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def not_finite(tasks: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Figures (task.metric) of which nothing is known. `recall.Ring` may be missing where another recall is there: not
    all classes are on few pictures."""
    asked, known = set(), set()
    for task, figures in tasks.items():
        for metric, value in figures.items():
            name = f"{task}.{metric.partition('.')[0]}"
            asked.add(name)
            if isinstance(value, int | float) and math.isfinite(value):
                known.add(name)
    return asked - known


def random_inputs(channels: Mapping[str, int], size: int, samples: int, seed: int) -> dict[str, Tensor]:
    """Input id -> (N, C, S, S) of another seed than the commands use for their own comparison."""
    dice = torch.Generator().manual_seed(seed)
    return {name: torch.randn(samples, count, size, size, generator=dice) for name, count in channels.items()}


def largest_difference(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Of all outputs of all tasks; infinite where they are not alike in names and shapes."""
    if one.keys() != other.keys() or any(one[task].shape != other[task].shape for task in one):
        return math.inf
    return max(float((one[task] - other[task]).abs().max()) for task in one)


def said_by_onnx(file: Path, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What an ONNX file says by the names of its outputs."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    given = {item.name: inputs[item.name].numpy() for item in session.get_inputs()}
    return {name: torch.from_numpy(value) for name, value in zip(names, session.run(names, given), strict=True)}


def said_alone(folder: Path, asked: Mapping[str, tuple[Path, Mapping[str, Tensor]]]) -> dict[str, dict[str, Tensor]]:
    """What scripts say in a process that has nothing but torch, torchvision and what those two need."""
    torch.save({name: (str(file), dict(inputs)) for name, (file, inputs) in asked.items()}, folder / "asked.pt")
    words = [
        sys.executable,
        "-I",
        "-B",
        "-c",
        ALONE,
        str(folder),
        ",".join(sorted(modules_of(("torch", "torchvision")))),
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder, timeout=280)
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, Tensor]] = torch.load(folder / "said.pt", weights_only=True)
    return found


def modules_of(packages: Iterable[str]) -> set[str]:
    """Top-level modules of packages and of all that these need."""
    needed: set[str] = set()
    waiting = [_plain(name) for name in packages]
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):  # of another system or Python
            waiting += [_named(one) for one in importlib.metadata.requires(name) or () if "extra ==" not in one]
    owners = importlib.metadata.packages_distributions()
    return {module for module, owned in owners.items() if {_plain(name) for name in owned} <= needed}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _named(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found is not None, requirement
    return _plain(found[0])


def errors_of(problems: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The problems that keep a network from training."""
    return [problem for problem in problems if problem["severity"] == "error"]
