"""Adding a data set to a project that stands: which tasks it joins, which are new, where their heads go. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import tr
from mtlstudio.network.templates.registry import default_template, template
from mtlstudio.project.edits.settings import add_dataset, replace_network
from mtlstudio.project.edits.tasks import add_task, attach_head
from mtlstudio.project.graph import main_connection, ports_used, trunk
from mtlstudio.project.spec import DatasetSpec, ProjectSpec, TaskSpec
from mtlstudio.tasks.registry import task_type


@dataclass(frozen=True)
class Addition:
    """A data set on its way into the project.

    Attributes:
        dataset: with the tasks that its targets go to, new ones included.
        joined: tasks of the project that it has targets for.
        new: tasks that the project does not have yet.
        pictures: how many it has.
    """

    dataset: DatasetSpec
    joined: tuple[TaskSpec, ...]
    new: tuple[TaskSpec, ...]
    pictures: int


def addition(before: ProjectSpec, after: ProjectSpec, pictures: int) -> Addition:
    """What `data.propose.add_dataset` added."""
    dataset = after.datasets[-1]
    new = tuple(task for task in after.tasks if task.id not in before.task_ids)
    return Addition(dataset, tuple(task for task in before.tasks if task.id in dataset.targets), new, pictures)


def add(spec: ProjectSpec, added: Addition, wanted: Collection[str]) -> ProjectSpec:
    """The project with the data set, and with a head for each new task.

    Args:
        wanted: ids of the tasks it is used for, new and old.

    Raises:
        EditRefused: an id is taken by now.
    """
    targets = FrozenDict({task: target for task, target in added.dataset.targets.items() if task in wanted})
    spec = add_dataset(spec, replace(added.dataset, targets=targets))
    new = [task for task in added.new if task.id in wanted]
    for task in new:
        spec = add_task(spec, task)
    if not spec.network.layers:
        return replace_network(spec, template(default_template(spec)).build(spec))
    for task in new:
        source = head_source(spec, task)
        if source is not None:
            parts = [(part.type, tr(part.name), part.parameters) for part in task_type(task.type).default_head]
            spec = attach_head(spec, task.id, source[0], parts, source[1])[0]
    return spec


def head_source(spec: ProjectSpec, task: TaskSpec) -> tuple[str, str] | None:
    """Where a new task's head hangs, as layer and port: where a task of its kind has its own, else the trunk's end."""
    kind = task_type(task.type).kind
    network = spec.network
    with_output = [other for other in spec.tasks if network.output_of(other.id) is not None]
    for other in with_output:
        if task_type(other.type).kind == kind:
            return _before_head(spec, other)
    shared = trunk(network, [other.id for other in with_output])
    return (shared[-1], ports_used(network, shared[-1])[-1]) if shared else None


def _before_head(spec: ProjectSpec, task: TaskSpec) -> tuple[str, str] | None:
    output = spec.network.output_of(task.id)
    if output is None:
        return None
    place = (output.layer, output.port)
    for part in reversed(task_type(task.type).default_head):
        arriving = main_connection(spec.network, place[0])
        if spec.network.layer(place[0]).type != part.type or arriving is None:
            break
        place = (arriving.source, arriving.source_port)
    return place
