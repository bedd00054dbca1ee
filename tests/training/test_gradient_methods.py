"""Methods on gradients: against TorchJD on a plain trunk, and by what their papers promise."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mtlstudio.base.declare import defaults
from mtlstudio.training.balancing import balancing_methods
from mtlstudio.training.balancing.interface import Facts
from mtlstudio.training.balancing.on_gradients import GradientBalancer, Moment, SolvedBalancer
from mtlstudio.training.balancing.pcgrad import orders
from mtlstudio.training.gradients.engine import GradientEngine
from tests.training.drawn import batch, by_hand, compiled, loss_of, shared_names, trunk

METHODS = {method.id: method for method in balancing_methods() if method.works_on == "gradients"}


def names(count: int) -> tuple[str, ...]:
    return tuple(f"t{number}" for number in range(count))


def balancer(method_id: str, tasks: Sequence[str], **values: Any) -> GradientBalancer:
    method = METHODS[method_id]
    made = method.built({**defaults(method.parameters), **values}, tasks, torch.device("cpu"))
    assert isinstance(made, GradientBalancer)
    made.prepare(Facts(seed=3))
    return made


def rows(count: int, length: int = 12, seed: int = 0) -> Tensor:
    """Random gradients of different lengths, some in conflict."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.rand((count, 1), generator=generator, dtype=torch.float64) * 3 + 0.2
    return torch.randn((count, length), generator=generator, dtype=torch.float64) * lengths


def direction(method: GradientBalancer, matrix: Tensor, step: int = 0, present: Sequence[int] | None = None) -> Tensor:
    """The common gradient that a method makes of rows; `present`: the places of the rows among its tasks."""
    places = tuple(present if present is not None else range(len(matrix)))
    moment = Moment(tuple(method.tasks[place] for place in places), places, torch.ones(len(matrix)))
    method.begin(step)
    if method.element_wise:
        return method.merge(matrix, moment, 0)
    gramian = matrix @ matrix.T
    return method.found(gramian if isinstance(method, SolvedBalancer) else gramian.float(), moment).to(matrix) @ matrix


def aggregators() -> dict[str, Callable[[], Any]]:
    from torchjd import aggregation
    from torchjd.linalg import QuadprogProjector

    exact = QuadprogProjector(norm_eps=0.0, reg_eps=1e-9)
    return {
        "mgda": lambda: aggregation.MGDA(epsilon=1e-12, max_iters=20000),
        "cagrad": lambda: aggregation.CAGrad(c=0.4, norm_eps=1e-9),
        "imtl_g": aggregation.IMTLG,
        "aligned_mtl": aggregation.AlignedMTL,
        "fairgrad": lambda: aggregation.FairGrad(alpha=2.0),
        "upgrad": lambda: aggregation.UPGrad(projector=exact),
        "config": aggregation.ConFIG,
        "dual_projection": lambda: aggregation.DualProj(projector=exact),
    }


@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("method_id", sorted(aggregators()))
def test_solutions_are_torchjds(method_id: str, count: int) -> None:
    for seed in range(4):
        matrix = rows(count, seed=seed)
        wanted = aggregators()[method_id]()(matrix)
        found = direction(balancer(method_id, names(count)), matrix)
        apart = float((found - wanted).norm()) / float(matrix.norm())
        # Theirs stop early in these two; then ours must be the better solution of the same problem.
        better = method_id in ("mgda", "cagrad") and worth(method_id, matrix, found) <= worth(method_id, matrix, wanted)
        assert apart <= (1e-3 if better else 1e-5), (seed, found, wanted)


def worth(method_id: str, matrix: Tensor, found: Tensor) -> float:
    """What MGDA makes small: the length; and CAGrad: how little the task gains that gains least."""
    return float(found.norm()) if method_id == "mgda" else -float((matrix @ found).min())


@pytest.mark.parametrize("method_id", ["pcgrad", "gradvac", *sorted(aggregators())])
def test_steps_on_a_plain_trunk_are_torchjds(method_id: str) -> None:
    from torchjd import aggregation

    spec = trunk("kind", "count")
    network, inputs = compiled(spec), batch(spec)
    hand = by_hand(spec, copy.deepcopy(network), spec.task_ids, inputs)
    shared = shared_names(spec, network)
    matrix = torch.stack([torch.cat([hand[task][name].flatten() for name in shared]) for task in spec.task_ids])
    others = {"pcgrad": aggregation.PCGrad, "gradvac": aggregation.GradVac}
    wanted = {**aggregators(), **others}[method_id]()(matrix.double())
    engine = GradientEngine(network, spec.network, balancer(method_id, spec.task_ids))
    passed = engine.forward(inputs, spec.task_ids)
    losses = {task: loss_of(task, output) for task, output in passed.outputs.items()}
    engine.backward(passed, losses, dict.fromkeys(spec.task_ids, 0.5))
    found = torch.cat([network.get_parameter(name).grad.flatten() for name in shared])
    assert float((found - wanted).norm()) <= 1e-5 * float(matrix.norm())
    for task in spec.task_ids:  # the heads get their own gradients as they are
        for name, gradient in hand[task].items():
            if name not in shared:
                torch.testing.assert_close(network.get_parameter(name).grad, gradient, rtol=1e-4, atol=1e-6)


def test_pcgrad_is_the_papers_loop() -> None:
    matrix, method = rows(5), balancer("pcgrad", names(5))
    for step in (0, 1, 17):
        order = orders(5, method.seed, step)
        assert all(sorted(row.tolist()) == [other for other in range(5) if other != i] for i, row in enumerate(order))
        total = torch.zeros(matrix.shape[1], dtype=matrix.dtype)
        for i in range(5):
            gradient = matrix[i].clone()
            for j in order[i].tolist():
                if (inner := gradient @ matrix[j]) < 0:
                    gradient -= inner / (matrix[j] @ matrix[j]) * matrix[j]
            total += gradient
        torch.testing.assert_close(direction(method, matrix, step), total, rtol=1e-5, atol=1e-5)


def test_pcgrad_leaves_no_conflict_between_two() -> None:
    matrix = torch.tensor([[1.0, 0.2], [-3.0, 1.0]])
    assert (matrix[0] @ matrix[1]) < 0
    assert (matrix @ direction(balancer("pcgrad", names(2)), matrix) > 0).all()
    friendly = matrix.abs()
    torch.testing.assert_close(direction(balancer("pcgrad", names(2)), friendly), friendly.sum(0))


def test_gradvac_is_the_papers_loop() -> None:
    method, usual = balancer("gradvac", names(4), beta=0.3), torch.zeros(4, 4, dtype=torch.float64)
    for step in range(3):
        matrix = rows(4, seed=step)
        order, total = orders(4, method.seed, step), torch.zeros(matrix.shape[1], dtype=matrix.dtype)
        for i in range(4):
            gradient = matrix[i].clone()
            for j in order[i].tolist():
                cosine = torch.cosine_similarity(gradient, matrix[j], 0)
                aim = usual[i, j].clone()
                if cosine < aim:
                    top = gradient.norm() * (aim * (1 - cosine**2).sqrt() - cosine * (1 - aim**2).sqrt())
                    gradient = gradient + top / (matrix[j].norm() * (1 - aim**2).sqrt()) * matrix[j]
                usual[i, j] = 0.7 * aim + 0.3 * cosine
            total += gradient
        torch.testing.assert_close(direction(method, matrix, step), total, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(method.state()["usual"].double(), usual, rtol=1e-4, atol=1e-5)


def test_mgda_is_the_shortest_mixture() -> None:
    matrix = rows(4)
    found = direction(balancer("mgda", names(4)), matrix)
    grid = [torch.tensor(w, dtype=torch.float64) for w in itertools.product(range(11), repeat=4) if sum(w) == 10]
    assert float(found.norm()) <= min(float((w / 10 @ matrix).norm()) for w in grid) + 1e-6
    assert float((matrix @ found - found @ found).min()) >= -1e-5  # the optimality of a shortest vector


def test_cagrad_without_radius_is_the_mean_and_with_it_helps_the_worst_most() -> None:
    matrix = rows(4)
    mean = matrix.mean(0)
    torch.testing.assert_close(direction(balancer("cagrad", names(4), c=0.0), matrix), mean, rtol=1e-6, atol=1e-6)
    found = direction(balancer("cagrad", names(4), c=0.5), matrix)
    assert float((found - mean).norm()) == pytest.approx(0.5 * float(mean.norm()), rel=1e-5)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):  # nothing else in that ball is better for the task that gains least
        other = torch.randn(len(mean), generator=generator, dtype=torch.float64)
        other = mean + 0.5 * mean.norm() * other / other.norm()
        assert float((matrix @ other).min()) <= float((matrix @ found).min()) + 1e-5


def test_upgrad_and_dual_projection_harm_nobody() -> None:
    for method_id in ("upgrad", "dual_projection"):
        for seed in range(5):
            matrix = rows(6, length=20, seed=seed)
            assert float((matrix @ direction(balancer(method_id, names(6)), matrix)).min()) >= -1e-4
    friendly = rows(3).abs()
    torch.testing.assert_close(
        direction(balancer("upgrad", names(3)), friendly), friendly.mean(0), rtol=1e-6, atol=1e-6
    )


def test_imtl_g_projects_equally() -> None:
    matrix = rows(5)
    found = direction(balancer("imtl_g", names(5)), matrix)
    projections = matrix @ found / matrix.norm(dim=1)
    torch.testing.assert_close(projections, projections[:1].expand(5), rtol=1e-4, atol=1e-5)


def test_config_has_equal_cosines_to_all_and_the_length_of_their_sum() -> None:
    matrix = rows(5)
    found = direction(balancer("config", names(5)), matrix)
    cosines = matrix @ found / matrix.norm(dim=1) / found.norm()
    torch.testing.assert_close(cosines, cosines[:1].expand(5), rtol=1e-4, atol=1e-5)
    assert float(cosines[0]) > 0
    assert float(found.norm()) == pytest.approx(float((matrix @ found).sum() / found.norm()), rel=1e-5)


def test_aligned_mtl_is_the_mean_of_aligned_gradients() -> None:
    matrix = rows(4)
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    aligned = s.min() * u @ v  # orthogonal rows, all as long as the smallest singular value
    torch.testing.assert_close(
        direction(balancer("aligned_mtl", names(4)), matrix), aligned.mean(0), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 10.0])
def test_fairgrad_solves_its_equation(alpha: float) -> None:
    matrix = rows(6)
    gramian = matrix @ matrix.T
    moment = Moment(names(6), tuple(range(6)), torch.ones(6))
    weights = balancer("fairgrad", names(6), alpha=alpha).found(gramian, moment).double()
    assert (weights > 0).all()
    torch.testing.assert_close((gramian @ weights), weights ** (-1 / alpha), rtol=1e-4, atol=1e-5)


def test_nash_solves_its_equation_and_keeps_the_bound() -> None:
    matrix = rows(6)
    gramian = matrix @ matrix.T
    moment = Moment(names(6), tuple(range(6)), torch.ones(6))
    weights = balancer("nash_mtl", names(6), longest=0.0).found(gramian, moment).double()
    torch.testing.assert_close(gramian / gramian.norm() @ weights, 1 / weights, rtol=1e-5, atol=1e-5)
    short = direction(balancer("nash_mtl", names(6), longest=0.5), matrix)
    assert float(short.norm()) == pytest.approx(0.5, rel=1e-5)


def test_nash_is_torchjds_as_far_as_that_solves() -> None:
    pytest.importorskip("ecos")
    from torchjd.aggregation import NashMTL

    matrix = rows(3, seed=2).float()
    wanted = NashMTL(3, max_norm=1.0, optim_niter=100)(matrix)
    found = direction(balancer("nash_mtl", names(3)), matrix)
    assert float((found - wanted).norm()) <= 1e-2


def test_graddrop_keeps_one_sign_per_number() -> None:
    matrix, method = rows(4, length=2000), balancer("graddrop", names(4))
    found = direction(method, matrix)
    positive, negative = matrix.clamp_min(0).sum(0), matrix.clamp_max(0).sum(0)
    is_positive, is_negative = (found - positive).abs() < 1e-9, (found - negative).abs() < 1e-9
    assert bool((is_positive | is_negative).all())
    wanted = 0.5 * (1 + matrix.sum(0) / matrix.abs().sum(0))
    mixed = (positive > 0) & (negative < 0)
    assert float(is_positive[mixed].double().mean()) == pytest.approx(float(wanted[mixed].mean()), abs=0.05)
    assert torch.equal(found, direction(method, matrix)) and not torch.equal(found, direction(method, matrix, 1))
    leaking = direction(balancer("graddrop", names(4), leak=1.0), matrix)
    torch.testing.assert_close(leaking, matrix.sum(0))


def test_gradnorm_learns_towards_equal_rates() -> None:
    method = balancer("gradnorm", names(2), alpha=0.0)
    gramian = torch.diag(torch.tensor([100.0, 1.0]))
    moment = Moment(names(2), (0, 1), torch.ones(2))
    weights = method.found(gramian, moment)
    assert torch.equal(weights, torch.ones(2))
    for _ in range(300):
        weights = method.found(gramian, moment)
    norms = weights * torch.tensor([10.0, 1.0])
    assert float(norms[0] / norms[1]) == pytest.approx(1.0, abs=0.4) and float(weights.sum()) == pytest.approx(2.0)
    lagging = balancer("gradnorm", names(2), alpha=1.5)
    for losses in [torch.ones(2)] + 20 * [torch.tensor([1.0, 0.2])]:  # the second falls, the first stays
        weights = lagging.found(torch.eye(2), Moment(names(2), (0, 1), losses))
    assert weights[0] > weights[1]


@pytest.mark.parametrize("method_id", sorted(set(METHODS) - {"graddrop", "gradnorm"}))
def test_absent_tasks_and_zero_rows_change_nothing(method_id: str) -> None:
    """A row of zeros, and a task without a row, leave the common gradient that the others make by themselves."""
    if method_id in ("pcgrad", "gradvac"):  # two rows alone have no order to draw
        matrix, places = rows(2), (0, 2)
    else:
        matrix, places = rows(3), (0, 2, 4)
    alone = direction(balancer(method_id, names(len(matrix))), matrix)
    torch.testing.assert_close(direction(balancer(method_id, names(5)), matrix, present=places), alone)
    with_zero = torch.cat([matrix[:1], torch.zeros_like(matrix[:1]), matrix[1:]])
    torch.testing.assert_close(direction(balancer(method_id, names(len(with_zero))), with_zero), alone)


@pytest.mark.parametrize("method_id", sorted(METHODS))
def test_one_task_alone_gets_its_direction(method_id: str) -> None:
    matrix = rows(1)
    found = direction(balancer(method_id, names(3)), matrix, present=(1,))
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found / found.norm(), (matrix[0] / matrix.norm()))


@pytest.mark.parametrize("method_id", sorted(METHODS))
@pytest.mark.parametrize("kind", ["opposite", "equal", "dependent", "many", "scales", "zero"])
def test_hard_cases_stay_finite(method_id: str, kind: str) -> None:
    base = rows(3)
    matrix = {
        "opposite": torch.stack((base[0], -base[0])),
        "equal": torch.stack((base[0], base[0], base[0])),
        "dependent": torch.cat((base, base[:1] + base[1:2], -base[2:])),
        "many": rows(40, length=15, seed=1),
        "scales": base * torch.tensor([[1e-6], [1.0], [1e6]], dtype=torch.float64),
        "zero": torch.zeros_like(base),
    }[kind]
    method = balancer(method_id, names(len(matrix)))
    assert torch.isfinite(direction(method, matrix.float())).all()
    assert all(torch.isfinite(value.float()).all() for value in method.state().values())


def test_a_solver_that_fails_gives_the_mean_and_is_counted() -> None:
    matrix = torch.stack((rows(1)[0], -rows(1)[0]))  # no direction helps both
    method = balancer("fairgrad", names(2))
    torch.testing.assert_close(direction(method, matrix), matrix.mean(0), atol=1e-7, rtol=0)
    direction(method, matrix)
    ((code, values),) = method.end_epoch({})
    assert code == "training_solver_failed" and values == {"n": 2}
    assert method.end_epoch({}) == []


def test_updates_differ() -> None:
    """On gradients in conflict no two methods go the same way; without one, those that only mend conflicts agree."""
    drawn = (rows(3, seed=seed) for seed in range(99))
    matrix = next(found for found in drawn if float((found @ found.mean(0)).min()) < -0.3)
    methods = {method_id: balancer(method_id, names(3)) for method_id in sorted(METHODS)}
    for method_id in ("gradvac", "gradnorm"):  # they start as PCGrad and the sum, and learn
        for _ in range(3):
            direction(methods[method_id], matrix.abs())
    ways = {method_id: direction(method, matrix) for method_id, method in methods.items()}
    ways["mean"] = matrix.mean(0)
    units = {name: way / way.norm() for name, way in ways.items()}
    alike = {
        frozenset(pair)
        for pair in itertools.combinations(units, 2)
        if float((units[pair[0]] - units[pair[1]]).norm()) < 1e-4
    }
    assert alike <= {frozenset(("imtl_g", "config"))}, alike
    friendly = rows(3).abs()
    mean = friendly.mean(0) / friendly.mean(0).norm()
    for method_id in ("pcgrad", "upgrad", "graddrop", "dual_projection"):
        found = direction(balancer(method_id, names(3)), friendly)
        torch.testing.assert_close(found / found.norm(), mean, rtol=1e-4, atol=1e-5)


def test_declarations_and_balancers_agree_on_lambda() -> None:
    for method_id, method in METHODS.items():
        assert method.uses_weights == balancer(method_id, names(2)).uses_weights, method_id


@pytest.mark.parametrize("method_id", sorted(METHODS))
def test_state_goes_round(method_id: str) -> None:
    ours = balancer(method_id, names(4))
    for step in range(3):
        direction(ours, rows(4, seed=step).float(), step)
    theirs = balancer(method_id, names(4))
    theirs.load(ours.state())
    for step in (3, 4):
        matrix = rows(4, seed=step).float()
        assert torch.equal(direction(ours, matrix, step), direction(theirs, matrix, step))


def test_a_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from mtlstudio.base.errors import StudioError
    from mtlstudio.training.balancing import interface

    method = METHODS["dual_projection"]
    assert method.lacks() == ""
    monkeypatch.setattr(interface.importlib.util, "find_spec", lambda name: None if name == "quadprog" else object())
    assert "quadprog" in method.lacks() and "mtlstudio[methods]" in method.lacks()
    with pytest.raises(StudioError, match="quadprog"):
        method.built({"every": 1}, ("a",), torch.device("cpu"))
    assert all(not other.lacks() for other in balancing_methods() if other is not method)
