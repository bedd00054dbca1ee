"""One batch whose samples lie in several processes: losses are made of sums, and the sums add up over the processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

Join = Callable[["Tensor"], "Tensor"]
"""Sums of this process's samples, (n,) float32, -> those of the whole batch; the gradient goes to this process's part."""

_JOIN: ContextVar[Join | None] = ContextVar("join", default=None)


@contextmanager
def joined_by(join: Join) -> Iterator[None]:
    """Within the block, losses are those of the whole batch."""
    token = _JOIN.set(join)
    try:
        yield
    finally:
        _JOIN.reset(token)


def current_join() -> Join | None:
    """How sums become those of the whole batch; None where this process has the whole batch."""
    return _JOIN.get()
