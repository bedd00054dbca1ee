"""What a trained network says of pictures, at their own size."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtlstudio.data.images import fit_image
from mtlstudio.network.devices import resolve_device
from mtlstudio.network.trained import LoadedNetwork
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.predictions import Prediction

if TYPE_CHECKING:
    from torch import Tensor

Image = NDArray[np.uint8]
"""(H, W, 3) uint8 RGB."""


class Predictor:
    """A trained network that looks at pictures. Can be used from several threads; they take turns.

    Args:
        loaded: from `load_network`.
        device: auto, cpu, cuda or mps.

    Attributes:
        tasks: bound tasks by id.
        epoch: of the checkpoint; `run`: id of its run.

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
        self._turn = threading.Lock()

    def predict(self, image: Image, tasks: Sequence[str] | None = None) -> dict[str, Prediction]:
        """What the network says of one picture: task id -> prediction at the picture's own size.

        Args:
            image: the picture.
            tasks: ids of those wanted; default: all.
        """
        import torch

        fit = self.fit(image)
        outputs = self.outputs([image], tasks)
        with torch.inference_mode():
            return {
                task: self.tasks[task].decode(self.tasks[task].to_size(output, fit), fit)
                for task, output in outputs.items()
            }

    def fit(self, image: Image) -> Fit:
        """How the picture fits into the network's square."""
        data = self.spec.data
        return Fit(image.shape[1], image.shape[0], data.image_size, data.resize)

    def outputs(self, images: Sequence[Image], tasks: Sequence[str] | None = None) -> Mapping[str, Tensor]:
        """The network's raw outputs for N pictures: task id -> (N, C) or (N, C, S, S) float32."""
        import torch

        squares = np.stack([fit_image(image, self.fit(image)) for image in images])
        with self._turn, torch.inference_mode():
            pixels = torch.from_numpy(squares).to(self.device).permute(0, 3, 1, 2).float().mul_(1 / 255)
            pixels = pixels.sub_(self._mean).div_(self._std).contiguous()
            outputs = self._network({self.spec.inputs[0].id: pixels}, tasks)
        return {task: output.float() for task, output in outputs.items()}
