"""The stages of a run at work: which tasks count in a step, what is trained in an epoch, at what learning rate.

All of it is a function of the project, the place in the run, and the states of the tasks, which stand in the progress.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mtlstudio.project import staging
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.project.staging import Window
from mtlstudio.runs.events import Event, StageStarted, TaskStateChanged
from mtlstudio.training.feed import Fed
from mtlstudio.training.progress import Progress
from mtlstudio.training.schedules import LearningRate
from mtlstudio.training.teacher import Teacher

if TYPE_CHECKING:
    from torch import Tensor

    from mtlstudio.data.batch import Batch
    from mtlstudio.training.setup import Parts

TRAINED, FROZEN = "trained", "frozen"
BY_HAND, RESTED = "hand", "patience"


class Stages:
    """The plan of a run.

    Args:
        spec: of the run.
        steps_per_epoch: of the run.
        teacher: the run it starts from, where a stage keeps to its outputs.
        known: ids of the tasks that that run had.
    """

    def __init__(
        self, spec: ProjectSpec, steps_per_epoch: int, teacher: Teacher | None = None, known: Sequence[str] = ()
    ) -> None:
        self._spec, self._steps, self._teacher, self._known = spec, steps_per_epoch, teacher, tuple(known)
        self._windows = staging.windows(spec.training.strategy, spec.training.epochs)
        self._planned = bool(spec.training.strategy)
        self._window = self._windows[0]
        self._counted = self._everyone = spec.task_ids

    # --- an epoch ---------------------------------------------------------------------------------------------

    def begin(self, parts: Parts, progress: Progress) -> Iterator[Event]:
        """Brings the parts of the run to the stage of the coming epoch; tells where a stage begins."""
        self._window = staging.window_at(self._windows, progress.epoch)
        self._apply(parts, progress)
        if not self._planned or progress.stage == self._window.number:
            return
        progress.stage, progress.waited = self._window.number, 0
        window, stage = self._window, self._window.stage
        yield StageStarted(
            time=time.time(), step=progress.step, epoch=progress.epoch, number=window.number + 1,
            count=len(self._windows), name=stage.name, epochs=window.epochs, tasks=self._stage_tasks(),
            order=stage.order, trains=stage.trains, layers=_trained(parts),
        )  # fmt: skip

    def rest(self, parts: Parts, progress: Progress, better: Sequence[str]) -> Iterator[Event]:
        """Lets tasks rest that have gained nothing for too long. `better`: those whose main metric is the best so far."""
        patience = {task.id: task.patience for task in self._spec.tasks}
        for task in self._counted:
            wanted = patience[task]
            if wanted is None:
                continue
            progress.task_waited[task] = 0 if task in better else progress.task_waited.get(task, 0) + 1
            if progress.task_waited[task] >= wanted:
                yield self._changed(progress, task, FROZEN, RESTED)
        self._apply(parts, progress)

    def change(self, parts: Parts, progress: Progress, states: Mapping[str, str]) -> Iterator[Event]:
        """Changes states of tasks by hand, from the next step on; tasks that are not there are left out."""
        for task, state in states.items():
            if task in self._everyone and state != self.state(progress, task):
                progress.task_waited.pop(task, None)
                yield self._changed(progress, task, state, BY_HAND)
        self._apply(parts, progress)

    def state(self, progress: Progress, task: str) -> str:
        """The state of a task now."""
        return progress.states.get(task, self._spec.task(task).state)

    def over(self, progress: Progress) -> bool:
        """The last task that was trained has been laid to rest: there is nothing left to do."""
        states = [self.state(progress, task) for task in self._everyone]
        rested = any(progress.task_waited.get(task, 0) for task in self._everyone)
        return TRAINED not in states and rested

    def wake(self, progress: Progress) -> tuple[str, ...]:
        """Trains again what had been laid to rest, where nothing else is left to train; returns those tasks."""
        if not self.over(progress):
            return ()
        rested = tuple(task for task in self._everyone if task in progress.task_waited)
        for task in rested:
            progress.states.pop(task, None)
            progress.task_waited.pop(task)
        return rested

    def may_end(self, progress: Progress) -> bool:
        """Whether early stopping may end the run: it never skips a stage."""
        return staging.window_at(self._windows, progress.epoch - 1).end >= self._spec.training.epochs

    def _apply(self, parts: Parts, progress: Progress) -> None:
        stage = self._window.stage
        self._counted = tuple(task for task in self._stage_tasks() if self.state(progress, task) == TRAINED)
        parts.weights.count(self._counted, in_turn=stage.order != "joint")
        parts.train.thinned = self._thinned if stage.rehearsal < 1.0 and self._old() else None
        parts.network.hold(self._holding(parts, progress))

    def _holding(self, parts: Parts, progress: Progress) -> frozenset[str]:
        frozen = {task for task in self._everyone if self.state(progress, task) == FROZEN}
        trained = staging.trained(self._spec, self._window.stage)
        return frozenset(
            layer.id
            for layer in self._spec.network.layers
            if layer.id in parts.network.layers and (layer.id not in trained or layer.tasks <= frozen)
        )

    def _everything(self, parts: Parts) -> set[str]:
        return {
            layer.id for layer in self._spec.network.layers if layer.id in parts.network.layers and not layer.frozen
        }

    def _stage_tasks(self) -> tuple[str, ...]:
        return staging.counting(self._spec, self._window.stage)

    def _old(self) -> tuple[str, ...]:
        return staging.old_tasks(self._window.stage, self._known)

    def _changed(self, progress: Progress, task: str, state: str, cause: str) -> TaskStateChanged:
        before, progress.states[task] = self.state(progress, task), state
        return TaskStateChanged(
            time=time.time(),
            step=progress.step,
            epoch=progress.epoch,
            task=task,
            before=before,
            after=state,
            cause=cause,
        )

    # --- a step -----------------------------------------------------------------------------------------------

    @property
    def meta(self) -> bool:
        """Steps are made by meta-learning."""
        return self._window.stage.meta != "none"

    @property
    def window(self) -> Window:
        """The stage under way."""
        return self._window

    def counted(self, fed: Fed, progress: Progress) -> Fed:
        """The batch with those tasks whose losses count in this step."""
        present = (*fed.tasks, *(task for task in self._taught() if task not in fed.tasks))
        stage, start = self._window.stage, self._window.start
        if stage.order == "joint":
            found = tuple(task for task in self._everyone if task in present and task in self._counted)
        else:
            since = progress.epoch - start
            ring = staging.turn(stage, self._counted, since, since * self._steps + progress.step_in_epoch)
            found = tuple(task for task in ring if task in present)[:1]
        return fed if found == fed.tasks else replace(fed, tasks=found)

    def rate(self, schedule: LearningRate, step: int) -> float:
        """The learning rate of a step (0-based)."""
        window = self._window
        if not window.stage.restart:
            return schedule.at(step) * window.stage.learning_rate
        return schedule.at(step - window.start * self._steps, window.epochs * self._steps) * window.stage.learning_rate

    def shown(self, effective: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
        """What losses are multiplied with, for the log: 0 where they do not count, the mean over a round of turns."""
        found = weights if self.meta else effective
        turns = 1 if self._window.stage.order == "joint" else max(len(self._counted), 1)
        return {task: weight / turns if task in self._counted else 0.0 for task, weight in found.items()}

    def taught(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the run it starts from says of the old tasks on a batch; empty where nothing is to be kept."""
        tasks = self._taught()
        return self._teacher(inputs, tasks) if tasks and self._teacher is not None else {}

    @property
    def distillation(self) -> float:
        """Weight of keeping the old tasks' outputs."""
        return self._window.stage.distillation

    def _taught(self) -> tuple[str, ...]:
        if self._teacher is None or not self.distillation:
            return ()
        return tuple(task for task in self._old() if task in self._counted and task in self._teacher.tasks)

    def _thinned(self, batch: Batch) -> Batch:
        """The batch with a share of the old tasks' targets: always those of the same samples."""
        import torch

        share, seed = self._window.stage.rehearsal, self._spec.training.seed
        kept = torch.tensor([zlib.crc32(f"{seed} {key}".encode()) < share * 2**32 for key in batch.keys])
        present = {task: there & kept if task in self._old() else there for task, there in batch.present.items()}
        return replace(batch, present=present)


def _trained(parts: Parts) -> tuple[str, ...]:
    """The layers with weights that are trained now."""
    layers = parts.network.layers.items()
    return tuple(layer for layer, module in layers if any(item.requires_grad for item in module.parameters()))
