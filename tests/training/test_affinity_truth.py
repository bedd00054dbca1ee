"""The affinity measured while it trains ranks with the true relatedness of the sample scenes' signals.

Three settings in seconds; all nine, with what sharing gained, stand in docs/relatedness.md.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mtlstudio.runs.affinity import affinity
from tests.benchmarks.relatedness import TASKS, interactions, network, project
from tests.training.small import trained


def measured(folder: Path, truth: float) -> float:
    """The mutual affinity of both signals at one setting; all labels there, a network that can hold both."""
    spec = project(truth, count=160, epochs=5, every=2).with_network(network(8, 3))
    scenes = replace(spec.datasets[0], parameters=spec.datasets[0].parameters.with_(missing=0.0))
    spec = replace(spec, datasets=(scenes,), training=replace(spec.training, seed=1))
    found = affinity(interactions(trained(folder, spec, f"at-{truth}")).affinities, TASKS)
    assert found is not None
    return float(found.mutual[0, 1])


def test_affinity_rises_with_relatedness(tmp_path: Path) -> None:
    unrelated, half, same = (measured(tmp_path, truth) for truth in (0.0, 0.5, 1.0))
    assert unrelated + 0.05 < half and half + 0.1 < same
    assert abs(unrelated) < 0.1 and same > 0.25
