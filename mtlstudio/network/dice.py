"""Whose turn it is to draw from torch's own random generator. There is one for the whole process, whatever the thread.

A training seeds it for each step. A network that is built meanwhile in another thread, to look at something, draws start
weights from it too: both take turns, so that neither changes what the other draws.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN = threading.RLock()
"""Held by whoever draws."""


@contextmanager
def drawn_apart(seed: int | None = None) -> Iterator[None]:
    """A turn that leaves the generator as it was.

    Args:
        seed: to start from; None: from where the generator stands.
    """
    import torch

    with TURN, torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(seed)
        yield
