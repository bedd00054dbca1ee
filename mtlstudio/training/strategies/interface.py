"""The interface of strategies: patterns that become stages for a project's own tasks. A new one is one file in this folder
that declares `STRATEGY`. No torch."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec, StageSpec
from mtlstudio.training.declarations import Method


def _suits(spec: ProjectSpec) -> str:
    return ""


@dataclass(frozen=True)
class Strategy(Method):
    """A pattern.

    Attributes:
        plan: makes the stages from the project and the ids of the tasks that the run it starts from knows already.
        hindrance: why it does not suit a project, marked for translation; empty where it does.
        order: place in lists.
    """

    plan: Callable[[ProjectSpec, Collection[str]], tuple[StageSpec, ...]] | None = None
    hindrance: Callable[[ProjectSpec], str] = _suits
    order: int = 100

    def lacks(self, spec: ProjectSpec) -> str:
        """Why it does not suit a project, in the user's language; empty where it does."""
        reason = self.hindrance(spec)
        return tr(reason) if reason else ""

    def stages(self, spec: ProjectSpec, known: Collection[str] = ()) -> tuple[StageSpec, ...]:
        """The stages for a project; none: all tasks jointly throughout.

        Args:
            known: ids of the tasks that the run it starts from has learned.

        Raises:
            StudioError: it does not suit the project.
        """
        if reason := self.lacks(spec):
            raise StudioError(
                mark("the strategy {strategy} does not suit this project: {reason}"),
                where="training.strategy", strategy=tr(self.name), reason=reason,
            )  # fmt: skip
        assert self.plan is not None
        return self.plan(spec, known)


def several_tasks(spec: ProjectSpec) -> str:
    """A hindrance: there is a single task."""
    return "" if len(spec.tasks) > 1 else mark("it needs two tasks or more")
