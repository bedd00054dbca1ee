"""The stages and states of tasks of a run that is shown, from its events. No Qt."""

from __future__ import annotations

from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import Event, StageStarted, TaskStateChanged


class StageTrack:
    """Where a run in stages stands.

    Attributes:
        stages: those begun so far. changes: of tasks' states.

    Args:
        spec: the run's snapshot.
    """

    def __init__(self, spec: ProjectSpec) -> None:
        self._spec = spec
        self.stages: list[StageStarted] = []
        self.changes: list[TaskStateChanged] = []

    def take(self, event: Event) -> None:
        """Takes a further event."""
        if isinstance(event, StageStarted):
            self.stages.append(event)
        elif isinstance(event, TaskStateChanged):
            self.changes.append(event)

    def cut(self, step: int) -> None:
        """Forgets what came after a step."""
        self.stages = [event for event in self.stages if event.step <= step]
        self.changes = [event for event in self.changes if event.step <= step]

    @property
    def current(self) -> int:
        """Number of the stage under way, from 1; 0 before the first and in runs without stages."""
        return self.stages[-1].number if self.stages else 0

    @property
    def by_hand(self) -> int:
        """How often a task's state was changed by hand."""
        return sum(event.cause == "hand" for event in self.changes)

    def state(self, task: str) -> str:
        """The state of a task now."""
        newest = next((event.after for event in reversed(self.changes) if event.task == task), None)
        return newest or self._spec.task(task).state

    def marked(self) -> list[StageStarted | TaskStateChanged]:
        """What is marked on plots and in lists, oldest first; the first stage begins with the run."""
        later = [event for event in self.stages if event.step]
        found: list[StageStarted | TaskStateChanged] = [*later, *self.changes]
        return sorted(found, key=lambda event: (event.step, event.time))
