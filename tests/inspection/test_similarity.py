"""Linear CKA: its properties, another way to write it, and layers of trained networks."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mtlstudio.base.errors import StudioError
from mtlstudio.inspection.similarity import (
    CKA,
    between_runs,
    between_tasks,
    common_layers,
    gram,
    hsic,
    linear_cka,
    own_layers,
)
from mtlstudio.studies.plan import alone_spec
from tests.project.building import project as graph
from tests.training.small import project, trained


def drawn(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def turned(x: Tensor, seed: int) -> Tensor:
    """Features in another orthogonal basis."""
    q, _ = torch.linalg.qr(drawn(seed, x.shape[1], x.shape[1]))
    return x @ q


def by_centring(x: Tensor, y: Tensor) -> float:
    """The biased CKA of Kornblith et al., by centred Gram matrices."""
    n = len(x)
    h = torch.eye(n, dtype=torch.float64) - 1 / n
    k, lam = h @ (x.double() @ x.double().T) @ h, h @ (y.double() @ y.double().T) @ h
    return float((k * lam).sum() / (k.norm() * lam.norm()))


def by_quadruples(k: Tensor, lam: Tensor) -> float:
    """HSIC₁ as the mean over all ordered quadruples of different pictures, as it is defined."""
    n, total, count = len(k), 0.0, 0
    for i, j, q, r in itertools.permutations(range(n), 4):
        total += float(k[i, j] * (lam[i, j] + lam[q, r] - 2 * lam[i, q]))
        count += 1
    return total / count


def test_the_estimator_is_the_mean_over_all_quadruples() -> None:
    x, y = drawn(0, 7, 3), drawn(1, 7, 5)
    k, lam = gram(x), gram(y)
    assert hsic(k, lam) == pytest.approx(by_quadruples(k, lam), rel=1e-6)
    assert hsic(k, k) == pytest.approx(by_quadruples(k, k), rel=1e-6)


def test_of_many_pictures_it_is_the_cka_of_centred_matrices() -> None:
    x = drawn(2, 600, 8)
    y = torch.tanh(x @ drawn(3, 8, 6)) + 0.3 * drawn(4, 600, 6)
    assert linear_cka(x, y) == pytest.approx(by_centring(x, y), abs=0.01)


def test_it_is_one_with_itself_however_turned_and_scaled_and_shifted() -> None:
    x = drawn(5, 40, 10)
    for other in (x, turned(x, 6), 3.7 * x, -x, x + 5.0, turned(x, 7) * 0.01):
        assert linear_cka(x, other) == pytest.approx(1.0, abs=1e-5)
    y = drawn(8, 40, 12)
    assert linear_cka(x, y) == pytest.approx(linear_cka(turned(x, 9) * 2, turned(y, 10)), abs=1e-5)
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x), abs=1e-9)
    assert linear_cka(x, x * torch.linspace(0.1, 3, 10)) < 0.999  # not to a factor per channel


def test_unlike_features_are_unlike_also_in_small_batches() -> None:
    found = CKA()
    biased = []
    for batch in range(60):
        x, y = drawn(2 * batch, 8, 200), drawn(2 * batch + 1, 8, 200)
        found.add(gram(x), gram(y))
        biased.append(by_centring(x, y))
    assert abs(found.value()) < 0.15 and min(biased) > 0.7  # the plain formula is led astray by few pictures
    assert found.count == 480


def test_maps_are_flattened_and_what_does_not_vary_says_nothing() -> None:
    x = drawn(3, 9, 4, 5, 5)
    assert linear_cka(x, x.flatten(1)) == pytest.approx(1.0)
    assert math.isnan(linear_cka(x, torch.ones(9, 3)))


def test_pairs_of_layers() -> None:
    spec = graph({"a": "image stem deep_a more_a head_a", "b": "image stem deep_b head_b", "c": "image stem head_c"})
    assert own_layers(spec, "a", "b") == [("deep_a", "deep_b"), ("more_a", "head_b")]
    assert own_layers(spec, "c", "a") == [("head_c", "deep_a")]
    alone = alone_spec(spec, "b")
    assert common_layers(spec, alone) == [("stem", "stem"), ("deep_b", "deep_b"), ("head_b", "head_b")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    spec = project(count=60, epochs=1)
    trained(folder, spec, "shared")
    alone = alone_spec(spec, "mask")
    trained(folder, replace(alone, training=replace(alone.training, seed=5)), "alone")
    return folder


def test_layers_of_two_runs(runs: Path) -> None:
    from mtlstudio.runs.folder import find_run

    shared, alone = find_run(runs, "shared"), find_run(runs, "alone")
    found = between_runs(runs, shared, alone, "train")
    assert [(item.first, item.second) for item in found] == [(name, name) for name in ("stem", "drop", "mask_head")]
    assert all(item.pictures >= 32 and item.value < 1.05 for item in found)
    same = between_runs(runs, shared, shared, "train")
    assert {item.first for item in same} == {"stem", "drop", "mask_head", "pool", "largest_head", "count_head"}
    assert all(item.value == pytest.approx(1.0, abs=1e-5) for item in same)
    assert found[0].value < 0.9999


def test_own_layers_of_two_tasks(runs: Path) -> None:
    from mtlstudio.runs.folder import find_run

    found = between_tasks(runs, find_run(runs, "shared"), "largest", "count", "train")
    assert [(item.first, item.second) for item in found] == [("largest_head", "count_head")]


def test_too_few_pictures_are_refused(runs: Path) -> None:
    from mtlstudio.runs.folder import find_run

    run = find_run(runs, "shared")
    with pytest.raises(StudioError, match="four pictures"):
        between_runs(runs, run, run, "train", pictures=3)
