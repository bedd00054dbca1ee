"""What a training shows on the command line: a bar on a terminal, a line per epoch elsewhere."""

from __future__ import annotations

import sys

from mtlstudio.base.errors import as_line
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import tr
from mtlstudio.project.problems import Place, Problem, Severity, declared
from mtlstudio.project.stages import TASK_STATES
from mtlstudio.runs.events import (
    CheckpointWritten,
    EpochFinished,
    Event,
    Noted,
    RunFinished,
    RunStarted,
    StageStarted,
    StepsMeasured,
    TaskStateChanged,
    WeightsChanged,
)  # fmt: skip

BAR = 24


class Progress:
    """Prints the events of a training.

    Args:
        quiet: prints nothing (for `--json`).
    """

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self._bar = sys.stdout.isatty() and not quiet
        self._started: RunStarted | None = None
        self._epochs = 0

    def show(self, event: Event) -> None:
        """Prints what there is to say of an event."""
        if self.quiet:
            return
        if isinstance(event, RunStarted):
            self._start(event)
        elif isinstance(event, StepsMeasured):
            self._steps(event)
        elif isinstance(event, EpochFinished):
            self._line(_epoch_text(event))
        elif isinstance(event, WeightsChanged):
            changes = ", ".join(f"{task} {weight:g}" for task, weight in event.after.items())
            self._line(tr("step {step}: λ is now {changes}", step=event.step, changes=changes))
        elif isinstance(event, StageStarted):
            values = {"n": event.number, "count": event.count, "name": event.name, "epochs": event.epochs}
            self._line(tr("stage {n} of {count}: {name}, {epochs} epochs", **values))
        elif isinstance(event, TaskStateChanged):
            self._line(tr("step {step}: {task} is now {state}", step=event.step, task=event.task, state=_state(event)))
        elif isinstance(event, Noted) and event.code in declared():
            note = Problem(event.code, Severity.NOTE, Place("training"), FrozenDict(event.values))
            self._line(as_line(str(event.values.get("where", "")), note.text(), note.fix_text()))
        elif isinstance(event, RunFinished):
            self._finish(event)
        elif isinstance(event, CheckpointWritten):
            pass

    def close(self) -> None:
        """Ends the line of the bar."""
        if self._bar:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()

    def _start(self, event: RunStarted) -> None:
        self._started, self._epochs = event, event.epochs
        self._line(
            tr(
                "run {run}: {epochs} epochs × {steps} steps on {device}, {threads} threads, {parameters:,} parameters",
                run=event.run, epochs=event.epochs, steps=event.steps_per_epoch, device=event.device,
                threads=event.threads, parameters=event.parameters,
            )
        )  # fmt: skip

    def _steps(self, event: StepsMeasured) -> None:
        if not self._bar or self._started is None:
            return
        total = max(1, self._started.steps_per_epoch * self._epochs)
        share = min(1.0, event.step / total)
        filled = round(share * BAR)
        losses = "  ".join(
            f"{task} {values[-1]:.3f}" for task, values in event.losses.items() if values[-1] is not None
        )
        speed = len(event.total) / event.seconds if event.seconds else 0.0
        bar = "█" * filled + "·" * (BAR - filled)
        sys.stdout.write(f"\r\x1b[K{bar} {share:4.0%}  {speed:.1f}/s  {losses}")
        sys.stdout.flush()

    def _finish(self, event: RunFinished) -> None:
        sentence = {
            "done": tr("finished"),
            "stopped": tr("stopped; go on with --resume"),
            "early": tr("stopped early: no better epoch for a while"),
        }.get(event.reason, event.reason)
        self._line(tr("{what} after {seconds:.0f} s", what=sentence, seconds=event.seconds))

    def _line(self, text: str) -> None:
        self.close()
        print(text, flush=True)


def _state(event: TaskStateChanged) -> str:
    if event.cause == "patience":
        return tr("at rest: it gained nothing for a while")
    return tr(TASK_STATES.get(event.after, event.after)).lower()


def _epoch_text(event: EpochFinished) -> str:
    parts = [tr("epoch {epoch}/{epochs}", epoch=event.epoch, epochs=event.epochs)]
    for task, metrics in event.metrics.items():
        main = next((f"{name} {value:.3f}" for name, value in metrics.items() if value is not None), "—")
        loss = event.val_losses.get(task)
        parts.append(f"{task}: {main}" if loss is None else f"{task}: {main} ({loss:.3f})")
    if event.best:
        parts.append(tr("best so far"))
    return "  ".join(parts)
