"""What a run that added a task to another one says at its end: what was forgotten, and how well the new one was learned."""

from __future__ import annotations

from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder
from mtlstudio.runs.forgetting import ALONE, Account, Main, account_of
from mtlstudio.tasks.registry import task_type
from mtlstudio.training import notes


def main_directions(spec: ProjectSpec) -> dict[str, Main]:
    """Task id -> its main metric, and whether higher is better; tasks of unknown types are left out."""
    found: dict[str, Main] = {}
    for task in spec.tasks:
        try:
            metric = task_type(task.type).main_metric()
        except KeyError:
            continue
        found[task.id] = (metric.id, metric.higher_is_better)
    return found


def account_notes(run: RunFolder, spec: ProjectSpec) -> list[tuple[str, dict[str, Any]]]:
    """The account of a run in notes; none where no task was added."""
    try:
        account = account_of(run, main_directions(spec))
    except (StudioError, OSError):  # the run itself is done; what cannot be read is not told
        return []
    return _told(account) if account is not None else []


def _told(account: Account) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for old in account.old:
        if old.forgetting is not None:
            figures = _rounded(before=old.before, after=old.after, forgetting=old.forgetting)
            found.append((notes.FORGETTING, {"task": old.task, "metric": old.metric, **figures}))
    for new in account.new:
        known: dict[str, Any] = {"task": new.task, "metric": new.metric, **_rounded(value=new.value)}
        if new.intransigence is None:
            found.append((notes.NEW_TASK, known))
            continue
        figures = _rounded(reference=new.reference, intransigence=new.intransigence)
        code = notes.INTRANSIGENCE_ALONE if new.kind == ALONE else notes.INTRANSIGENCE
        found.append((code, {**known, **figures, "run": new.run}))
    if not account.same_data:
        found.append((notes.OTHER_SPLIT, {"run": account.start}))
    return found


def _rounded(**values: float | None) -> dict[str, str]:
    return {name: "—" if value is None else f"{value:.3f}" for name, value in values.items()}
