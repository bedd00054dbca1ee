"""What a trained network says of pictures, at their own size."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.data.images import fit_image
from mtlstudio.data.inputs import beside, fit_input, lacking, pictures_of, standardised
from mtlstudio.network.devices import resolve_device
from mtlstudio.network.trained import LoadedNetwork
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Prediction

if TYPE_CHECKING:
    from torch import Tensor

Image = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""

Inputs = Mapping[str, Any]
"""Input id -> (H, W) or (H, W, C) numbers, of the inputs beside the picture; NaN where unknown."""


class Predictor:
    """A trained network that looks at pictures. Can be used from several threads; they take turns.

    Args:
        loaded: from `load_network`.
        device: auto, cpu, cuda or mps.

    Attributes:
        tasks: bound tasks by id.
        epoch: of the checkpoint; `run`: id of its run.
        beside: the inputs that it needs beside the picture.

    Raises:
        StudioError: the device is not there.
    """

    def __init__(self, loaded: LoadedNetwork, device: str = "auto") -> None:
        import torch

        self.tasks: dict[str, BoundTask] = loaded.tasks
        self.epoch, self.run, self.spec = loaded.epoch, loaded.run, loaded.spec
        self.device = resolve_device(device)
        self._network = loaded.network.to(self.device).eval()
        self._mean, self._std = (
            torch.tensor(values, dtype=torch.float32, device=self.device).view(-1, 1, 1)
            for values in (loaded.mean, loaded.std)
        )
        self.beside = beside(loaded.spec)
        self._pictures, self._statistics = pictures_of(loaded.spec), loaded.inputs
        self._turn = threading.Lock()

    def predict(
        self, image: Image, inputs: Inputs | None = None, tasks: Sequence[str] | None = None
    ) -> dict[str, Prediction]:
        """What the network says of one picture: task id -> prediction at the picture's own size.

        Args:
            image: the picture.
            inputs: those beside it.
            tasks: ids of those wanted; default: all.

        Raises:
            StudioError: an input is missing, or of another shape.
        """
        import torch

        fit = self.fit(image)
        outputs = self.outputs([image], [inputs or {}], tasks)
        with torch.inference_mode():
            return {
                task: self.tasks[task].decode(self.tasks[task].to_size(output, fit), fit)
                for task, output in outputs.items()
            }

    def fit(self, image: Image) -> Fit:
        """How the picture fits into the network's square."""
        data = self.spec.data
        return Fit(image.shape[1], image.shape[0], data.image_size, data.resize)

    def outputs(
        self, images: Sequence[Image], inputs: Sequence[Inputs] | None = None, tasks: Sequence[str] | None = None
    ) -> Mapping[str, Tensor]:
        """The network's raw outputs for N pictures: task id -> (N, C), (N, C, S, S) or (N, C, T) float32.

        Raises:
            StudioError: an input is missing, or of another shape.
        """
        import torch

        others = self._others(images, inputs or [{}] * len(images))
        squares = np.stack([fit_image(image, self.fit(image)) for image in images])
        with self._turn, torch.inference_mode():
            pixels = torch.from_numpy(squares).to(self.device).permute(0, 3, 1, 2).float().mul_(1 / 255)
            pixels = pixels.sub_(self._mean).div_(self._std).contiguous()
            outputs = self._network(dict.fromkeys(self._pictures, pixels) | others, tasks)
        return {task: output.float() for task, output in outputs.items()}

    def _others(self, images: Sequence[Image], inputs: Sequence[Inputs]) -> dict[str, Tensor]:
        """The inputs beside the pictures as the network takes them, (N, C, S, S) each."""
        import torch

        found: dict[str, Tensor] = {}
        for given in inputs:
            if missing := lacking(self.beside, given):
                raise StudioError(
                    mark("the network also needs {inputs}, which this picture does not bring"),
                    fix=mark("Take a picture of the project's data: what belongs to it is found there."),
                    inputs=", ".join(item.name for item in missing),
                )
        for item in self.beside:
            pairs = zip(images, inputs, strict=True)
            squares = np.stack([fit_input(given[item.id], item, self.fit(image)) for image, given in pairs])
            values = torch.from_numpy(squares).to(self.device)
            found[item.id] = standardised(values, self._statistics[item.id])
        return found
