"""What it costs to measure how the tasks' gradients agree, and what a step for one does to the others.

Single steps are compared in turns, plain ones, measured ones, and those that look ahead as well; what that adds to a
run in which one in so many steps is measured follows from it, and is steadier than the times of two whole runs.
"""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import replace
from pathlib import Path

import torch

from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.control import Control
from mtlstudio.training.feed import Fed
from mtlstudio.training.loop import Stepper
from mtlstudio.training.measuring import EVERY_FOURTH, measures_every
from mtlstudio.training.progress import Progress
from mtlstudio.training.setup import Loaded, build, load_data
from tests.benchmarks.bench_methods import THREADS, Step, compared, ours, project


def measuring(spec: ProjectSpec, loaded: Loaded, method: str, every: int, affinity: int) -> Step:
    """A step that is measured (`every` 1) or not (0), and looks ahead (`affinity` 1) or not (0)."""
    training = replace(
        spec.training, measure_every=every, affinity_every=affinity, balancing=MethodSpec(method), epochs=1000
    )
    parts = build(replace(spec, training=training), Path(), loaded, torch.device("cpu"), fresh=True)
    parts.network.train()
    progress = Progress()
    stepper = Stepper(parts, progress)

    def step(fed: Fed) -> None:
        stepper.step(fed)
        progress.step_in_epoch = 0  # the batches come again and again

    return step


def measure() -> list[tuple[str, float, str, str]]:
    """Medians over the rounds."""
    torch.set_num_threads(THREADS)
    rows = []
    for count in (3, 10):
        spec = project(count)
        with tempfile.TemporaryDirectory() as folder:
            loaded = load_data(spec, Path(folder), Control(), None)
        batches = list(ours(spec, loaded, "equal")[1].train.epoch(0))
        for method in ("equal", "pcgrad"):
            steps = {
                name: measuring(spec, loaded, method, *kind)
                for name, kind in {"plain": (0, 0), "measured": (1, 0), "ahead": (1, 1)}.items()
            }
            times = compared(steps, batches)
            measured, ahead = (
                statistics.median(a / b for a, b in zip(times[name], times["plain"], strict=True))
                for name in ("measured", "ahead")
            )
            rows.append((f"{count} tasks, {method}: a measured step / a plain one", measured, "×", ""))
            rows.append((f"{count} tasks, {method}: one that looks ahead / a plain one", ahead, "×", ""))
            automatic = measures_every(spec.training, count)
            for every in dict.fromkeys((50, automatic)):
                cost = 1 + (measured - 1) / every
                whole = cost + (ahead - measured) / (every * EVERY_FOURTH)
                name = f"{count} tasks, {method}: agreement every {every} steps"
                rows.append((name, cost, "×", "<= 1.03" if count == 3 or every == automatic else ""))
                rows.append((f"{name}, affinity every fourth", whole, "×", "<= 1.03" if every == automatic else ""))
    return rows
