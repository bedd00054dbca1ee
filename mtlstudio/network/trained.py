"""A trained network, read from a checkpoint of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.network.dice import drawn_apart
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.checkpoints import NETWORK_FILE, network_metadata
from mtlstudio.runs.folder import RunFolder
from mtlstudio.tasks.interface import BoundTask
from mtlstudio.tasks.registry import bind_all

if TYPE_CHECKING:
    import torch

    from mtlstudio.network.compile import MultiTaskNetwork


Statistic = tuple[tuple[float, ...], tuple[float, ...]]
"""Mean and deviation per channel."""


@dataclass(frozen=True)
class LoadedNetwork:
    """A trained network with all it needs to predict.

    Attributes:
        network: on the CPU, in eval mode.
        tasks: bound to the statistics of its training data.
        mean, std: (r, g, b) that pictures, scaled to 0..1, are standardised with.
        spec: the project as it was trained.
        epoch, step: of the checkpoint; `which`: how it was asked for.
        run: id of the run.
        inputs: input id -> mean and deviation per channel, of the inputs beside the picture.
    """

    network: MultiTaskNetwork
    tasks: dict[str, BoundTask]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    spec: ProjectSpec
    epoch: int
    step: int
    which: str
    run: str
    inputs: dict[str, Statistic] = field(default_factory=dict)


def load_network(run: RunFolder, which: str | int = "best") -> LoadedNetwork:
    """Reads a checkpoint.

    Args:
        run: whose.
        which: best (the last where none is best yet), last, best:<task id>, or a step.

    Raises:
        StudioError: there is no such checkpoint, it is damaged, or the run's snapshot is.
    """
    info = run.store.find(which)
    spec = run.spec()
    facts = read_facts(info.path / NETWORK_FILE)
    network = blank_network(spec)
    fill(network, info.path / NETWORK_FILE)
    network.eval()
    tasks = bind_all(spec, facts["statistics"])
    mean, std = tuple(facts["mean"]), tuple(facts["std"])
    return LoadedNetwork(network, tasks, mean, std, spec, info.epoch, info.step, str(which), run.id, inputs_of(facts))


def read_facts(path: Path) -> dict[str, Any]:
    """What a checkpoint's network file says of its training: `epoch`, `step`, `mean`, `std`, `statistics`; `inputs`
    (since there may be some beside the picture).

    Raises:
        StudioError: the file is damaged.
    """
    try:
        facts: dict[str, Any] = json.loads(network_metadata(path)["facts"])
        return facts
    except (KeyError, ValueError) as error:
        raise StudioError(mark("this checkpoint is damaged"), where=str(path)) from error


def inputs_of(facts: Mapping[str, Any]) -> dict[str, Statistic]:
    """Input id -> mean and deviation per channel, of the inputs beside the picture; none in older checkpoints."""
    return {name: (tuple(one["mean"]), tuple(one["std"])) for name, one in facts.get("inputs", {}).items()}


def blank_network(spec: ProjectSpec) -> MultiTaskNetwork:
    """The network of a project, to be filled: nothing is downloaded and the random numbers of the process stay put."""
    from mtlstudio.network.compile import compile_network

    with drawn_apart():
        return compile_network(spec)


def fill(network: torch.nn.Module, path: Path) -> None:
    """Puts the weights of a checkpoint into a network.

    Raises:
        StudioError: the file is damaged or of another network; names the layers that do not fit.
    """
    import safetensors.torch

    try:
        tensors = safetensors.torch.load(path.read_bytes())
    except (OSError, RuntimeError, ValueError, safetensors.SafetensorError) as error:
        raise StudioError(mark("this checkpoint is damaged"), where=str(path)) from error
    own = network.state_dict()
    other = [name for name in own.keys() & tensors.keys() if own[name].shape != tensors[name].shape]
    unfit = {_layer(name) for name in (*(own.keys() ^ tensors.keys()), *other)}
    if unfit:
        fit = {_layer(name) for name in own.keys() & tensors.keys()} - unfit
        raise StudioError(
            mark("the weights of this checkpoint are of another network than the run's: {n} layers fit, {unfit} do not"),
            where=str(path), fix=mark("A new run can take over what fits: training.start_from={run}."),
            n=len(fit), unfit=", ".join(sorted(unfit)), run=path.parents[2].name,
        )  # fmt: skip
    network.load_state_dict(tensors, strict=True)


def _layer(name: str) -> str:
    """Id of the layer that a weight belongs to."""
    return name.split(".")[1] if name.startswith("layers.") else name
