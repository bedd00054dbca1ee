"""What goes into the network, as the Data workspace offers it: which targets can be an input, and using one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mtlstudio.base.texts import tr
from mtlstudio.data.fits import offered
from mtlstudio.data.inputs import PICTURE
from mtlstudio.data.interface import Source, TargetInfo
from mtlstudio.project.edits.inputs import add_input, add_input_layer, set_dataset_input
from mtlstudio.project.edits.tasks import remove_task
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.tasks.registry import task_type

Offer = Mapping[str, tuple[TargetInfo, ...]]
"""Id of each data set -> its targets that an input can come from."""


@dataclass(frozen=True)
class Candidate:
    """A target that is no input yet.

    Attributes:
        channels: how many figures it has per pixel.
        measures: its figures are measured (depth), not numbers of classes.
        learners: ids of the tasks that learn it.
    """

    target: str
    name: str
    channels: int
    measures: bool
    learners: tuple[str, ...]


def offer(spec: ProjectSpec, sources: Sequence[Source]) -> Offer:
    """The targets that are a figure or three per pixel: maps, and the picture itself."""
    return {
        dataset.id: tuple(info for info in offered(source) if _is_map(info))
        for dataset, source in zip(spec.datasets, sources, strict=True)
    }


def candidates(spec: ProjectSpec, offers: Offer) -> list[Candidate]:
    """The targets that can become an input with one click: what is measured first, the picture last."""
    used = {target for dataset in spec.datasets for target in dataset.inputs.values()}
    infos = {info.id: info for given in offers.values() for info in given if info.id not in used}
    found = []
    for info in infos.values():
        learners = tuple(task for task in spec.task_ids if any(d.targets.get(task) == info.id for d in spec.datasets))
        measures = info.id != PICTURE and "class_names" not in info.parameters
        found.append(Candidate(info.id, tr(info.name), 3 if info.id == PICTURE else 1, measures, learners))
    found.sort(key=lambda one: (not one.measures, one.target == PICTURE))
    return found


def use_as_input(
    spec: ProjectSpec, wanted: Candidate | None, offers: Offer, dropped: Collection[str] = ()
) -> tuple[ProjectSpec, str]:
    """Adds an input that every data set which has the target takes from there; a network gets a layer for it.

    Args:
        wanted: None: a map that comes from nowhere yet.
        dropped: ids of tasks to remove.

    Returns:
        The project and the input's id.

    Raises:
        EditRefused: there is no such task.
    """
    for task in dropped:
        spec = remove_task(spec, task)
    name, channels = (wanted.name, wanted.channels) if wanted is not None else (tr("Map"), 1)
    spec, input_id = add_input(spec, name, "map", channels)
    if wanted is not None:
        for dataset in spec.datasets:
            if any(info.id == wanted.target for info in offers.get(dataset.id, ())):
                spec = set_dataset_input(spec, dataset.id, input_id, wanted.target)
    if spec.network.layers:
        spec, _layer = add_input_layer(spec, input_id)
    return spec, input_id


def _is_map(info: TargetInfo) -> bool:
    try:
        return task_type(info.task_type).kind == "map"
    except KeyError:
        return False
