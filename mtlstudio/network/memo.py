"""Remembers what layers were measured to cost, so that an edit measures only what it changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError

if TYPE_CHECKING:
    from mtlstudio.network.measure import Measurement


class Memo:
    """Measurements and refusals by (type, parameters, input shapes, surroundings); the oldest unused go first.

    Threads may share one.

    Attributes:
        measured: how many layers were built and run, not remembered.
        latest: the last examination of a whole network, kept by `mtlstudio.network.analyze`.
    """

    def __init__(self, size: int = 4096) -> None:
        self._size = size
        self._entries: OrderedDict[Hashable, Measurement | StudioError] = OrderedDict()
        self._lock = Lock()
        self.measured = 0
        self.latest: object = None

    def __len__(self) -> int:
        return len(self._entries)

    def recall(self, key: Hashable, measure: Callable[[], Measurement]) -> Measurement:
        """What is known under the key, else what `measure` finds.

        Raises:
            StudioError: `measure` raised it, now or when it was first asked.
        """
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
        if found is None:
            found = self._measured(key, measure)
        if isinstance(found, StudioError):
            raise found.with_traceback(None)
        return found

    def _measured(self, key: Hashable, measure: Callable[[], Measurement]) -> Measurement | StudioError:
        found: Measurement | StudioError
        try:
            found = measure()
        except StudioError as error:
            found = error
        with self._lock:
            self.measured += 1
            self._entries[key] = found
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
        return found


@cache
def shared_memo() -> Memo:
    """The memo of this process, for all who have none of their own."""
    return Memo()
