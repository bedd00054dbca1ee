"""What is exported: a network with all that must be told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mtlstudio.network.compile import MultiTaskNetwork
from mtlstudio.network.trained import Statistic, blank_network, load_network
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.registry import bind_all

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Subject:
    """A network to be exported.

    Attributes:
        spec: the project, as trained where there is a run.
        network: on the CPU, in eval mode.
        tasks: bound to the statistics of the training data, where there are any.
        mean, std: that pictures, scaled to 0..1, are standardised with.
        inputs: input id -> mean and deviation per channel, of the inputs beside the picture.
        run: id of the run; "" for a design without one.
        checkpoint: what was taken of the run.
        epoch: of the checkpoint.
        measured: mean, deviation and the tasks' statistics are those of the training data, not stand-ins.
    """

    spec: ProjectSpec
    network: MultiTaskNetwork
    tasks: Mapping[str, BoundTask]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    inputs: Mapping[str, Statistic] = field(default_factory=dict)
    run: str = ""
    checkpoint: str = ""
    epoch: int = 0
    measured: bool = True


def of_run(run: RunFolder, which: str | int = "best") -> Subject:
    """A trained network. Raises StudioError as `load_network` does."""
    loaded = load_network(run, which)
    return Subject(
        loaded.spec,
        loaded.network,
        loaded.tasks,
        loaded.mean,
        loaded.std,
        loaded.inputs,
        loaded.run,
        str(which),
        loaded.epoch,
    )


def of_design(spec: ProjectSpec) -> Subject:
    """A design with fresh weights.

    Raises:
        NetworkProblems: it has errors.
    """
    plain = spec.data.normalisation == "none"
    mean, std = ((0.0,) * 3, (1.0,) * 3) if plain else (IMAGENET_MEAN, IMAGENET_STD)
    others = {item.id: ((0.0,) * item.channels, (1.0,) * item.channels) for item in spec.inputs if item.type != "image"}
    measured = spec.data.normalisation != "dataset" and not others
    return Subject(spec, blank_network(spec).eval(), bind_all(spec), mean, std, others, measured=measured)
