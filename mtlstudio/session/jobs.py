"""Work in the background for the window: results come back on the GUI thread, the newest request of a key wins."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, QTimer

from mtlstudio.base.errors import StudioError
from mtlstudio.base.logs import log_traceback
from mtlstudio.base.texts import mark

POLL_MS = 15


class Cancelled(Exception):
    """Raised inside a job whose result nobody wants any more."""


class Token:
    """Tells a job whether it is still wanted; call it where the job can stop."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """The result is not wanted any more."""
        self._event.set()

    def __call__(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises Cancelled when the job is not wanted any more."""
        if self._event.is_set():
            raise Cancelled


class Jobs(QObject):
    """A small pool of threads.

    The job functions run in a thread and must not touch Qt widgets; `done` and `failed` run on the GUI thread. Results
    are collected by a timer rather than by signals across threads: a burst of results costs one wake-up.
    """

    def __init__(self, threads: int = 1, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="mtlstudio-job")
        self._finished: deque[tuple[Token, str, Callable[[Any], None] | None, Any]] = deque()
        self._tokens: dict[str, Token] = {}
        self._pending = 0
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._deliver)
        pool = self._pool
        self.destroyed.connect(lambda: pool.shutdown(wait=False, cancel_futures=True))

    def submit(
        self,
        work: Callable[[Token], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[StudioError], None] | None = None,
        key: str = "",
    ) -> Token:
        """Runs `work(token)` in a thread. With a `key`, an older job of that key is cancelled."""
        token = Token()
        if key:
            older = self._tokens.get(key)
            if older is not None:
                older.cancel()
            self._tokens[key] = token
        self._pending += 1
        self._pool.submit(self._run, work, done, failed, token, key)
        if not self._timer.isActive():
            self._timer.start()
        return token

    def cancel(self, key: str) -> None:
        """The newest job of that key is not wanted any more."""
        token = self._tokens.pop(key, None)
        if token is not None:
            token.cancel()

    @property
    def busy(self) -> bool:
        """Something is under way or waits to be delivered."""
        return self._pending > 0

    def shut_down(self) -> None:
        """Cancels everything and waits for the threads; nothing is delivered afterwards."""
        for token in self._tokens.values():
            token.cancel()
        self._timer.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._finished.clear()
        self._pending = 0

    def _run(
        self,
        work: Callable[[Token], Any],
        done: Callable[[Any], None] | None,
        failed: Callable[[StudioError], None] | None,
        token: Token,
        key: str,
    ) -> None:
        callback: Callable[[Any], None] | None = None
        result: Any = None
        try:
            token.check()
            result = work(token)
            callback = done
        except Cancelled:
            pass
        except StudioError as error:
            callback, result = failed, error
        except Exception as error:
            path = log_traceback(error)
            callback = failed
            result = StudioError(
                mark("something unexpected went wrong: {error}"),
                fix=mark("The details are in {path}."),
                error=f"{type(error).__name__}: {error}",
                path=str(path),
            )
        self._finished.append((token, key, callback, result))

    def _deliver(self) -> None:
        while self._finished:
            token, key, callback, result = self._finished.popleft()
            self._pending -= 1
            if key and self._tokens.get(key) is token:
                del self._tokens[key]
            if callback is not None and not token():
                callback(result)
        if self._pending <= 0:
            self._timer.stop()
