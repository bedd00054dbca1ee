"""Signs of life: every process says every second that it is there, and why it ends if it must."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch._C._distributed_c10d import TCPStore

EVERY_S = 0.5
MISSED_S = 2.5
"""Who has said nothing for so long, after a connection broke, is the one that ended."""
SILENT_S = 20.0
"""Who has said nothing for so long is given up, though no connection broke."""
_GRACE_S = 5.0


class Heartbeat:
    """Beats in a thread of its own, through the store by which the processes found one another.

    Args:
        store: of this thread alone.
        index: of this process.
        count: of all.

    Attributes:
        on_silence: called from the thread, with the numbers of those that have been silent for too long; it ends the
            process.
    """

    def __init__(self, store: TCPStore, index: int, count: int) -> None:
        self._store, self._index = store, index
        self._others = [rank for rank in range(count) if rank != index]
        self._prefix = f"mtlstudio/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}"
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._seen = {rank: (b"", time.monotonic()) for rank in self._others}
        self._number = 0
        self.on_silence: Callable[[Sequence[int]], None] | None = None
        self._beat()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Listens to the others too; each has beaten once by now."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopped.set()
        self._thread.join(MISSED_S)

    def post(self, words: dict[str, str]) -> None:
        """Leaves word why this process ends."""
        with contextlib.suppress(RuntimeError), self._lock:
            self._store.set(f"{self._prefix}/ended/{self._index}", json.dumps(words))

    def posts(self) -> dict[int, dict[str, str]]:
        """Number of a process that has ended -> its words."""
        found: dict[int, dict[str, str]] = {}
        with contextlib.suppress(RuntimeError, ValueError):
            for rank in self._others:
                key = f"{self._prefix}/ended/{rank}"
                with self._lock:
                    if self._store.check([key]):
                        found[rank] = json.loads(self._store.get(key))
        return found

    def silent(self, seconds: float = MISSED_S) -> list[int]:
        """The others that have said nothing for so long."""
        now = time.monotonic()
        return [rank for rank, (_beat, at) in self._seen.items() if now - at >= seconds]

    def _run(self) -> None:
        given_up: float | None = None
        while not self._stopped.wait(EVERY_S):
            try:
                self._beat()
                self._listen()
            except RuntimeError:  # whoever kept the store is gone
                pass
            gone = self.silent(SILENT_S)
            if not gone or self.on_silence is None:
                given_up = None
                continue
            given_up = given_up or time.monotonic()
            if time.monotonic() - given_up > _GRACE_S:  # the main thread has not noticed: it waits for ever
                self.on_silence(gone)

    def _beat(self) -> None:
        self._number += 1
        with self._lock:
            self._store.set(self._key(self._index), str(self._number))

    def _listen(self) -> None:
        with self._lock:
            beats: list[Any] = self._store.multi_get([self._key(rank) for rank in self._others])
        now = time.monotonic()
        for rank, beat in zip(self._others, beats, strict=True):
            if beat != self._seen[rank][0]:
                self._seen[rank] = (beat, now)

    def _key(self, rank: int) -> str:
        return f"{self._prefix}/beat/{rank}"
