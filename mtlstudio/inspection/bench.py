"""A workbench: the network of a design, with trained weights where there are any, and one sample on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.data.images import fit_image
from mtlstudio.data.inputs import Moments, Statistic, beside, fit_input, lacking, pictures_of, standardised
from mtlstudio.inspection.activations import Activation, activations
from mtlstudio.inspection.microscope import Slide, convolutions, prepare
from mtlstudio.inspection.thumbnails import Thumbnail, thumbnail
from mtlstudio.network.dice import drawn_apart
from mtlstudio.network.inheritance import Heritage, Inheritance
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE, CheckpointInfo
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.geometry import Fit

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.network.compile import MultiTaskNetwork


@dataclass(frozen=True)
class Specimen:
    """A sample to look at.

    Attributes:
        key: unique; title: what it is called.
        read: gives the picture, (H, W, 3) uint8. inputs: what goes into the network beside it, by input id.
    """

    key: str
    title: str
    read: Callable[[], NDArray[np.uint8]]
    inputs: Callable[[], Mapping[str, Any]] = dict


@dataclass(frozen=True)
class Origin:
    """Where the weights come from.

    Attributes:
        run: name of the run, "" for untrained weights. epoch: of its checkpoint.
        whole, partly: layers that have all or some of their weights from there; all: layers with weights.
    """

    run: str = ""
    epoch: int = 0
    whole: int = 0
    partly: int = 0
    all: int = 0

    def text(self) -> str:
        """In words."""
        if not self.run:
            return tr("untrained weights")
        if self.whole == self.all:
            return tr("trained weights of run {run}, epoch {epoch}", run=self.run, epoch=self.epoch)
        return tr(
            "inherited in part: {n} of {all} layers from run {run}, epoch {epoch}",
            n=self.whole + self.partly, all=self.all, run=self.run, epoch=self.epoch,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Observation:
    """What the layers made of a sample.

    Attributes:
        spec: the design. key, title: of the sample; image: (H, W, 3) uint8.
        layers, thumbnails: by layer id. convolutions: layer id -> names of its convolutions.
        origin: of the weights.
    """

    spec: ProjectSpec
    key: str
    title: str
    image: NDArray[np.uint8]
    layers: dict[str, Activation]
    thumbnails: dict[str, Thumbnail]
    convolutions: dict[str, tuple[str, ...]]
    origin: Origin


class Bench:
    """Keeps the compiled network from sample to sample. For one thread."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._network: MultiTaskNetwork | None = None
        self._origin = Origin()
        self._colours: Statistic | None = None
        self._statistics: dict[str, Statistic] = {}
        self._inputs: dict[str, Tensor] = {}

    def observe(
        self, spec: ProjectSpec, specimen: Specimen, run: RunFolder | None, check: Callable[[], None] = lambda: None
    ) -> Observation:
        """Runs a sample through the network of a design.

        Args:
            run: takes the weights of its best checkpoint where they fit; None, or without a checkpoint: untrained ones.
            check: called between the steps; may raise to give up.

        Raises:
            StudioError: the design has errors, or the sample cannot be read or lacks an input.
        """
        image = specimen.read()
        given = specimen.inputs() if beside(spec) else {}
        check()
        network = self._network_of(spec, run)
        check()
        self._inputs = self._standardised(spec, image, given)
        layers = activations(network, self._inputs)
        check()
        convs = {layer_id: convolutions(network, layer_id) for layer_id in layers}
        thumbnails = {layer_id: thumbnail(found) for layer_id, found in layers.items()}
        return Observation(
            spec, specimen.key, specimen.title, image, layers, thumbnails, convs, self._origin
        )  # fmt: skip

    def slide(self, layer_id: str, name: str) -> Slide:
        """One convolution, for the sample observed last.

        Raises:
            StudioError: there is none of that name.
        """
        if self._network is None:
            raise StudioError(mark("no sample was looked at yet"))
        return prepare(self._network, self._inputs, layer_id, name)

    def _network_of(self, spec: ProjectSpec, run: RunFolder | None) -> MultiTaskNetwork:
        info = _checkpoint(run)
        tasks = tuple((task.id, task.type, task.parameters) for task in spec.tasks)
        source = (run.path, info.step) if run is not None and info is not None else None
        key = (spec.network, spec.inputs, spec.data.image_size, spec.training.seed, tasks, source)
        if self._network is None or key != self._key:
            self._network, self._key = None, ()
            network = _fresh(spec)
            self._origin, self._colours, self._statistics = Origin(), None, {}
            if run is not None and info is not None:
                self._take(network, spec, run, info)
            self._network, self._key = network, key
        return self._network

    def _take(self, network: MultiTaskNetwork, spec: ProjectSpec, run: RunFolder, info: CheckpointInfo) -> None:
        from mtlstudio.network.inherit import inherit
        from mtlstudio.network.trained import inputs_of, read_facts

        found = inherit(network, spec, run, info)
        counted = _counted(found)
        if counted[0] + counted[1]:
            facts = read_facts(info.path / NETWORK_FILE)
            self._colours = tuple(facts["mean"]), tuple(facts["std"])
            self._statistics = inputs_of(facts)
            self._origin = Origin(run.info().name, info.epoch, *counted)

    def _standardised(
        self, spec: ProjectSpec, image: NDArray[np.uint8], given: Mapping[str, Any]
    ) -> dict[str, Tensor]:  # fmt: skip
        """As in training; without statistics of a run by those of the sample itself."""
        import torch

        others = beside(spec)
        if missing := lacking(others, given):
            raise StudioError(
                mark("this sample does not bring {inputs}"), inputs=", ".join(item.name for item in missing)
            )
        fit = Fit(image.shape[1], image.shape[0], spec.data.image_size, spec.data.resize)
        values = torch.from_numpy(np.array(fit_image(image, fit))).permute(2, 0, 1)[None].float() / 255
        found = dict.fromkeys(pictures_of(spec), standardised(values, self._colours or _own(values)).contiguous())
        for item in others:
            values = torch.from_numpy(fit_input(given[item.id], item, fit))[None]
            statistic = self._statistics.get(item.id)
            if statistic is None or len(statistic[0]) != values.shape[1]:
                statistic = _own(values)
            found[item.id] = standardised(values, statistic)
        return found


def _own(values: Tensor) -> Statistic:
    moments = Moments(values.shape[1])
    moments.add(values)
    return moments.statistic()


def _checkpoint(run: RunFolder | None) -> CheckpointInfo | None:
    """The best checkpoint; None where there is none yet."""
    if run is None or not run.store.steps():
        return None
    try:
        return run.store.find("best")
    except StudioError:
        return None


def _fresh(spec: ProjectSpec) -> MultiTaskNetwork:
    """The weights a training would begin with; the random numbers of the process stay put."""
    from mtlstudio.network.compile import compile_network

    with drawn_apart(spec.training.seed):
        return compile_network(spec).eval()


def _counted(found: Inheritance) -> tuple[int, int, int]:
    """Layers with all, with some of their weights from the run; and layers with weights."""
    whole = len(found.of_kind(Heritage.ITSELF)) + len(found.of_kind(Heritage.COPIED))
    return whole, len(found.of_kind(Heritage.PARTLY)), len(found.layers)
