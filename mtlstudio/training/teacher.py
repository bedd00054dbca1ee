"""The run that another starts from, as its teacher: what it says of the tasks that both have."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.training.heritage import Ancestor, ancestor_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mtlstudio.network.compile import MultiTaskNetwork


class Teacher:
    """A trained network that is asked, and never changed.

    Attributes:
        tasks: ids of those whose outputs mean the same in both projects.

    Args:
        network: in eval mode, on the device.
        tasks: see there.
    """

    def __init__(self, network: MultiTaskNetwork, tasks: Collection[str]) -> None:
        self._network = network.eval().requires_grad_(False)
        self.tasks = tuple(tasks)

    def __call__(self, inputs: Mapping[str, Tensor], tasks: Collection[str]) -> dict[str, Tensor]:
        """Task id -> raw output without graph."""
        import torch

        with torch.no_grad():
            return self._network(inputs, tasks)


def learned_from(spec: ProjectSpec, folder: Path, run: str = "") -> Ancestor | None:
    """The run that a project's stages speak of (its old tasks, its outputs), or None where none do.

    Raises:
        StudioError: it cannot be read.
    """
    speaks = any(stage.distillation or stage.rehearsal < 1.0 for stage in spec.training.strategy)
    return ancestor_of(spec, folder, run) if speaks else None


def teacher_of(spec: ProjectSpec, ancestor: Ancestor | None, device: torch.device) -> Teacher | None:
    """The teacher, where a stage keeps to its outputs.

    Raises:
        StudioError: its checkpoint is damaged.
    """
    from mtlstudio.network.trained import load_network

    if ancestor is None or not any(stage.distillation for stage in spec.training.strategy):
        return None
    loaded = load_network(ancestor.run, ancestor.checkpoint.step)
    then = {task.id: (task.type, task.parameters) for task in ancestor.spec.tasks}
    same = [task.id for task in spec.tasks if then.get(task.id) == (task.type, task.parameters)]
    return Teacher(loaded.network.to(device), [task for task in same if task in loaded.network.tasks])
