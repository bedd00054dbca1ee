"""Brings torch in after the window stands, so that the first paint does not wait for it."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, QTimer, Signal


class Engine(QObject):
    """What arithmetic there is.

    Signals:
        ready: torch is there; `describe()` tells version and device.
        failed: torch cannot be imported; the sentence says why.
    """

    ready = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.is_ready = False
        self.version = ""
        self.device = ""
        self.device_memory = 0
        self.failure = ""
        self._thread: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(50)
        self._timer.timeout.connect(self._poll)

    def start(self) -> None:
        """Begins to import torch in the background; harmless when repeated."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._load, name="mtlstudio-engine", daemon=True)
            self._thread.start()
            self._timer.start()

    def describe(self) -> str:
        """`torch 2.15.0 · cuda:0 · 24 GB`; "" while it is not there."""
        if not self.is_ready:
            return ""
        memory = f" · {self.device_memory / 2**30:.0f} GB" if self.device_memory else ""
        return f"torch {self.version} · {self.device}{memory}"

    def wait(self) -> None:
        """Waits until the import ended (at exit, in tests)."""
        if self._thread is not None:
            self._thread.join()
            self._poll()

    def _load(self) -> None:
        try:
            import torch

            from mtlstudio.training.devices import resolve_device

            device = resolve_device("auto")
            self.version = str(torch.__version__).split("+")[0]
            self.device = f"cuda:{torch.cuda.current_device()}" if device.type == "cuda" else device.type
            if device.type == "cuda":
                self.device_memory = int(torch.cuda.get_device_properties(device).total_memory)
        except Exception as error:  # an incomplete installation must not take the window down
            self.failure = f"{type(error).__name__}: {error}"

    def _poll(self) -> None:
        if self._thread is None or self._thread.is_alive() or not self._timer.isActive():
            return
        self._timer.stop()
        if self.failure:
            self.failed.emit(self.failure)
        else:
            self.is_ready = True
            self.ready.emit()
