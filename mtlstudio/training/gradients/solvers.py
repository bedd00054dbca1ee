"""Small exact solvers for the T × T problems of balancing methods, in float64 on the host."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

RIDGE = 1e-12
"""Added to the diagonal, as a share of its mean, so that dependent gradients leave the systems solvable."""

_TOLERANCE = 1e-10


class SolverFailure(ArithmeticError):
    """A problem has no solution that could be found."""


def quadratic(matrix: Array, linear: Array, total: float | None = None, start: Array | None = None) -> Array:
    """min ½ xᵀ H x + qᵀ x over x ≥ 0, and Σ x = `total` where one is given; exact, by an active set.

    Args:
        matrix: H, (T, T), positive semidefinite.
        linear: q, (T,).
        total: what x must add up to, > 0.
        start: a guess that keeps all conditions, as the solution of a like problem.

    Raises:
        SolverFailure: it goes round in circles.

    Source: Lawson & Hanson 1974, "Solving Least Squares Problems", chapter 23, here on the normal equations and with
    an equation besides.
    """
    import numpy as np

    size = len(linear)
    scale = max(float(np.trace(matrix)) / size, 1e-300)
    h = matrix / scale + RIDGE * np.eye(size)
    q = linear / scale
    x = _near(h, q, total) if start is None else start
    free = x > 0
    bound = _TOLERANCE * max(1.0, float(np.abs(q).max()))
    for _ in range(10 * size + 10):
        if free.any():
            x, free = _descended(h, q, x, free, total)
        slope = h @ x + q
        level = float(slope[free].mean()) if total is not None else 0.0
        gain = np.where(free, np.inf, slope - level)
        best = int(np.argmin(gain))
        if gain[best] >= -bound:
            return x
        free[best] = True
    if gain[best] >= -1e4 * bound:  # the last digits go to and fro
        return x
    raise SolverFailure("quadratic")


def _near(h: Array, q: Array, total: float | None) -> Array:
    """A start from which few steps are left: the minimum without x ≥ 0, cut off there."""
    import numpy as np

    x = np.zeros(len(q))
    with contextlib.suppress(np.linalg.LinAlgError):
        x = np.maximum(_least(h, q, total), 0.0)
    size = float(x.sum())
    if not np.isfinite(size):
        x, size = np.zeros(len(q)), 0.0
    if total is None:
        return x
    if size > 0:
        return np.asarray(x * (total / size))
    first = int(np.argmin(0.5 * h.diagonal() * total + q))
    return np.where(np.arange(len(q)) == first, total, 0.0)


def _descended(
    h: Array, q: Array, x: Array, free: NDArray[np.bool_], total: float | None
) -> tuple[Array, NDArray[np.bool_]]:
    """Goes to the least value over the free coordinates, freeing itself of those that would turn negative."""
    import numpy as np

    while True:
        where = np.flatnonzero(free)
        target = _least(h[np.ix_(where, where)], q[where], total)
        if (target > 0).all():
            x = np.zeros_like(x)
            x[where] = target
            return x, free
        now = x[where]
        falling = target <= 0
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(falling, now / (now - target), np.inf)
        steps = np.nan_to_num(steps, nan=0.0, posinf=np.inf)
        share = min(float(steps.min()), 1.0)
        moved = now + share * (target - now)
        leaving = falling & (steps <= share + 1e-15)
        moved[leaving] = 0.0
        x = np.zeros_like(x)
        x[where] = np.maximum(moved, 0.0)
        free = free.copy()
        free[where[leaving]] = False
        if not free.any():
            return x, free


def _least(h: Array, q: Array, total: float | None) -> Array:
    """The unbounded minimum, with the sum kept where one is given."""
    import numpy as np

    if total is None:
        return np.asarray(np.linalg.solve(h, -q))
    ones = np.ones(len(q))
    both = np.linalg.solve(h, np.stack((-q, ones), axis=1))
    price = (total - both[:, 0].sum()) / both[:, 1].sum()
    return np.asarray(both[:, 0] + price * both[:, 1])


def fair(gramian: Array, alpha: float) -> Array:
    """x > 0 with G x = x^(-1/α): the only minimum of the convex ½ xᵀ G x - Σ x^(1-1/α) / (1-1/α) (α = 1: - Σ log x).

    Damped Newton steps; the Hessian G + (1/α) diag(x^(-1/α-1)) is positive definite wherever x > 0.

    Args:
        gramian: G, (T, T), positive semidefinite.
        alpha: α > 0.

    Raises:
        SolverFailure: there is none, as where the gradients cancel each other.
    """
    import numpy as np

    size, power = len(gramian), 1.0 / alpha
    scale = float(np.trace(gramian)) / size
    g = gramian / scale
    x = np.full(size, 1.0)
    for _ in range(100):
        slope = g @ x - x**-power
        curve = g + np.diag(power * x ** (-power - 1))
        step = np.linalg.solve(curve, -slope)
        decrement = float(-slope @ step)
        if decrement < 1e-24 * max(1.0, float(x @ x)):
            return np.asarray(x * scale ** (-1.0 / (1.0 + power)))
        shrink = (step / x).min()
        share = min(1.0, 0.9 / -shrink) if shrink < 0 else 1.0
        for _ in range(40):
            after = x + share * step
            if float(step @ (g @ after - after**-power)) <= 0.5 * decrement:  # the slope along the step has not turned
                break
            share *= 0.5
        x = x + share * step
        if not np.isfinite(x).all() or x.max() > 1e8:
            break
    raise SolverFailure("fair")
