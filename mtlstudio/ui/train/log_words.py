"""What happened in a run, as readable lines. No Qt."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mtlstudio.base.errors import as_line
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.problems import declared
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import (
    CheckpointWritten,
    EpochFinished,
    Event,
    Noted,
    Paused,
    Resumed,
    RunFailed,
    RunFinished,
    RunStarted,
    StageStarted,
    TaskStateChanged,
    WeightsChanged,
)
from mtlstudio.ui.train.stage_words import marked_words, title_of
from mtlstudio.ui.train.words import change_words, clock, figure

RUN, CHANGES, EPOCHS, CHECKPOINTS, REMARKS = "run", "changes", "epochs", "checkpoints", "remarks"
KINDS = {
    RUN: mark("Run"),
    CHANGES: mark("Changes"),
    EPOCHS: mark("Epochs"),
    CHECKPOINTS: mark("Checkpoints"),
    REMARKS: mark("Remarks"),
}
_ONE_DRAG = 1.5
_SAME = 1e-6


@dataclass(frozen=True)
class LogLine:
    """One line.

    Attributes:
        time: seconds since the epoch of the clock.
        kind: one of `KINDS`.
        words: what happened.
        tone: "" or `warning` or `bad`.
    """

    time: float
    kind: str
    words: str
    tone: str = ""

    def text(self) -> str:
        """`12:03:55  λ of Depth 0.50 → 0.70`."""
        return f"{time.strftime('%H:%M:%S', time.localtime(self.time))}  {self.words}"


class LogWriter:
    """Turns events into lines. A drag of a slider is one line, which is put in place of the one before."""

    def __init__(self, spec: ProjectSpec) -> None:
        self._spec = spec
        self._names = {task.id: task.name for task in spec.tasks}
        self._drag: WeightsChanged | None = None
        self._begun = 0.0
        self.lines: list[LogLine] = []

    def take(self, events: Iterable[Event]) -> None:
        """Adds what further events mean."""
        for event in events:
            if isinstance(event, WeightsChanged):
                self._weights(event)
            elif isinstance(event, StageStarted | TaskStateChanged):
                words = tr("{what} from step {step} on", what=self._change(event), step=event.step + 1)
                self.lines.append(LogLine(event.time, CHANGES, words))
            else:
                self.lines += self._lines(event)

    def _lines(self, event: Event) -> list[LogLine]:
        moment = event.time
        if isinstance(event, RunStarted):
            return [self._started(event)]
        if isinstance(event, EpochFinished):
            return [LogLine(moment, EPOCHS, self._epoch(event))]
        if isinstance(event, CheckpointWritten):
            return [LogLine(moment, CHECKPOINTS, self._checkpoint(event))]
        if isinstance(event, Paused):
            return [LogLine(moment, RUN, tr("Paused after step {step}", step=event.step))]
        if isinstance(event, Resumed):
            return [LogLine(moment, RUN, tr("Goes on after step {step}", step=event.step))]
        if isinstance(event, Noted):
            words = note_words(event, self._names)
            return [LogLine(moment, REMARKS, words, "warning")] if words else []
        if isinstance(event, RunFailed):
            words = as_line("", event.message, event.fix)
            return [LogLine(moment, RUN, tr("Failed at step {step}: {words}", step=event.step, words=words), "bad")]
        if isinstance(event, RunFinished):
            return [LogLine(moment, RUN, self._finished(event))]
        return []

    def _change(self, event: StageStarted | TaskStateChanged) -> str:
        if isinstance(event, StageStarted):
            return tr("stage {title}", title=title_of(event.number, event.name))
        return marked_words(event, self._names)

    def _started(self, event: RunStarted) -> LogLine:
        values = {"device": event.device, "precision": event.precision, "n": event.threads}
        if event.step:
            words = tr("Resumed at step {step} on {device}, {precision}, threads: {n}", step=event.step, **values)
        else:
            words = tr("Started on {device}, {precision}, threads: {n}", **values)
        return LogLine(event.time, RUN, words)

    def _epoch(self, event: EpochFinished) -> str:
        known = [loss for loss in event.val_losses.values() if loss is not None]
        words = tr(
            "Epoch {epoch} / {epochs} in {time}", epoch=event.epoch, epochs=event.epochs, time=clock(event.seconds)
        )
        if known:
            words += " · " + tr("mean validation loss {loss}", loss=figure(sum(known) / len(known)))
        best = [self._names.get(task, task) for task in event.best_tasks]
        parts = ([tr("best of all")] if event.best else []) + [tr("best {task}", task=name) for name in best]
        return " · ".join((words, *parts))

    def _checkpoint(self, event: CheckpointWritten) -> str:
        tags = [tag for tag in event.tags if not tag.startswith("best:")]
        tags += [tr("best {task}", task=self._names.get(tag[5:], tag[5:])) for tag in event.tags if tag not in tags]
        words = tr("Checkpoint of step {step}", step=event.step)
        return f"{words} ({', '.join(tags)})" if tags else words

    def _finished(self, event: RunFinished) -> str:
        words = {
            "done": tr("Finished"), "stopped": tr("Stopped"), "early": tr("Stopped early"),
        }.get(event.reason, tr("Finished"))  # fmt: skip
        return tr("{how} after epoch {epoch}, {time}", how=words, epoch=event.epoch, time=clock(event.seconds))

    def _weights(self, event: WeightsChanged) -> None:
        drag = self._drag
        last = self.lines[-1] if self.lines else None
        goes_on = drag is not None and last is not None and last.kind == CHANGES and event.time - last.time < _ONE_DRAG
        before = drag.before if goes_on and drag is not None else event.before
        if goes_on:
            self.lines.pop()
        self._drag = WeightsChanged(event.time, event.step, event.epoch, before, event.after)
        old, new = self._shares(before), self._shares(event.after)
        changed = sorted(new, key=lambda task: -abs(new[task] - old.get(task, 0.0)))
        parts = [
            f"{self._names.get(task, task)} {change_words(old.get(task, 0.0), new[task])}"
            for task in changed
            if abs(new[task] - old.get(task, 0.0)) > _SAME
        ]
        if parts:
            words = tr("Changed by hand after step {step}: {changes}", step=event.step, changes=", ".join(parts))
            self.lines.append(LogLine(event.time, CHANGES, words))

    def _shares(self, weights: Mapping[str, float]) -> dict[str, float]:
        total = sum(weights.values())
        if not self._spec.training.normalise_weights or total <= 0:
            return dict(weights)
        return {task: weight / total for task, weight in weights.items()}


def note_words(note: Noted, names: Mapping[str, str]) -> str:
    """A remark as a sentence; "" for one of an unknown code."""
    known = declared()
    if note.code not in known:
        return ""
    task = note.values.get("task")
    values = {**note.values, **({"task": names.get(task, task)} if isinstance(task, str) else {})}
    sentence, fix = known[note.code]
    return as_line(str(values.get("where", "")), *(tr(part, **values) for part in (sentence, fix) if part))
