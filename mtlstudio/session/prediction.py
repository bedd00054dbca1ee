"""Predictions for the window: a network of a run in its own thread, the newest request wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.runs.checkpoints import BEST
from mtlstudio.runs.folder import RunFolder
from mtlstudio.session.jobs import Jobs, Token
from mtlstudio.tasks.predictions import Prediction

if TYPE_CHECKING:
    from mtlstudio.inspection.predictor import Predictor


@dataclass(frozen=True)
class Predicted:
    """What the network said of one picture.

    Attributes:
        key: what the request called the picture.
        image: (H, W, 3) uint8.
        predictions: by task id, at the picture's own size.
        run, epoch: which network said it.
        milliseconds: how long the network took.
    """

    key: str
    image: NDArray[np.uint8]
    predictions: dict[str, Prediction]
    run: str
    epoch: int
    milliseconds: float


class PredictionSession(QObject):
    """The network that looks at pictures.

    Signals:
        loaded: a network is ready (its Predictor); None when there is none any more.
        predicted: a `Predicted`.
        failed: the sentence says what could not be done.
    """

    loaded = Signal(object)
    predicted = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(1, self)
        self.predictor: Predictor | None = None
        self.run: RunFolder | None = None
        self.which: str | int = BEST

    def load(self, run: RunFolder, which: str | int = "best") -> None:
        """Loads a checkpoint of a run: best, last, chosen, or a step."""
        self.run, self.which = run, which
        self.jobs.submit(lambda token: _load(run, which), self._loaded, self._failed, key="load")

    def unload(self) -> None:
        """Forgets the network."""
        self.jobs.cancel("load")
        self.jobs.cancel("predict")
        self.predictor = self.run = None
        self.loaded.emit(None)

    def request(
        self, key: str, read: Callable[[], NDArray[np.uint8]], inputs: Callable[[], Mapping[str, Any]] = dict
    ) -> None:
        """Predicts a picture. An older request that has not begun is dropped.

        Args:
            key: what to call the picture.
            read: gives the picture; called in the thread.
            inputs: gives what goes into the network beside it, by input id; called in the thread where the network
                needs any.
        """
        predictor, run = self.predictor, self.run
        if predictor is None or run is None:
            return
        self.jobs.submit(
            lambda token: _predict(predictor, run, key, read, inputs, token),
            self.predicted.emit,
            self._failed,
            key="predict",
        )

    def shut_down(self) -> None:
        """Ends the thread and drops the network."""
        self.jobs.shut_down()
        self.predictor = self.run = None

    def _loaded(self, predictor: Any) -> None:
        self.predictor = predictor
        self.loaded.emit(predictor)

    def _failed(self, error: StudioError) -> None:
        self.failed.emit(error.text())


def _load(run: RunFolder, which: str | int) -> Any:
    from mtlstudio.inspection.predictor import Predictor
    from mtlstudio.training.checkpoints import load_network

    return Predictor(load_network(run, which))


def _predict(
    predictor: Predictor, run: RunFolder, key: str, read: Callable[[], NDArray[np.uint8]],
    inputs: Callable[[], Mapping[str, Any]], token: Token,
) -> Predicted:  # fmt: skip
    import time

    image = read()
    given = inputs() if predictor.beside else {}
    token.check()
    started = time.perf_counter()
    predictions = predictor.predict(image, given)
    milliseconds = 1000 * (time.perf_counter() - started)
    return Predicted(key, image, predictions, run.id, predictor.epoch, milliseconds)
