"""Trains several runs, one after the other, in the processes that torchrun started; see `test_ranks`.

`python -m torch.distributed.run … -m tests.training.company FOLDER`: what there is to train stands in FOLDER/runs, what
each process saw goes to FOLDER/seen-<number>.json.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from mtlstudio.runs.events import CheckpointWritten, Event, StepsMeasured
from mtlstudio.runs.folder import RunFolder
from mtlstudio.training.control import Control
from mtlstudio.training.ranks import Ranks
from mtlstudio.training.several import control
from mtlstudio.training.several.group import found_ranks
from mtlstudio.training.trainer import Trainer

STEERED, RELAYED = "steered", "relayed"
LAST_EPOCH_TOGETHER = 2
PAUSE_AT, STOP_AT = 4, 6


def main(folder: Path) -> None:
    """Trains the runs of a project."""
    ranks = found_ranks()
    control.SECONDS = 0.0  # the processes ask one another after every step
    seen = {}
    for path in sorted((folder / "runs").iterdir()):
        run = RunFolder(path)
        if path.name == STEERED:
            seen[path.name] = steered(run, ranks)
        else:
            seen[path.name] = trained(run, ranks, resume=path.name == RELAYED)
    (folder / f"seen-{ranks.index}.json").write_text(json.dumps(seen), encoding="utf-8")
    ranks.close()


def trained(run: RunFolder, ranks: Ranks, resume: bool) -> dict[str, Any]:
    """Trains a run to its end; one that another process began is broken off again."""
    events: list[Event] = []
    stream = Trainer(run.spec(), run.project_folder, run, resume=resume, ranks=ranks).run()
    for event in stream:
        events.append(event)
        if resume and isinstance(event, CheckpointWritten) and event.epoch == LAST_EPOCH_TOGETHER:
            break
    stream.close()
    return told(events)


def steered(run: RunFolder, ranks: Ranks) -> dict[str, Any]:
    """λ is changed, the run is paused and stopped in the first process alone; the others ask for something else."""
    reins = Control()
    events: list[Event] = []
    for event in Trainer(run.spec(), run.project_folder, run, reins, ranks=ranks).run():
        events.append(event)
        if isinstance(event, StepsMeasured):
            if event.step == 2:
                reins.set_weights({"mask": 3.0 if ranks.index == 0 else 7.0})
            if event.step == PAUSE_AT and ranks.index == 0:
                reins.pause()
                threading.Timer(0.3, reins.resume).start()
            if event.step >= STOP_AT and ranks.index == 0:
                reins.stop()
    return told(events)


def told(events: list[Event]) -> dict[str, Any]:
    """What this process saw."""
    steps = [event for event in events if isinstance(event, StepsMeasured)]
    return {
        "end": [type(events[-1]).kind, getattr(events[-1], "reason", getattr(events[-1], "message", ""))],
        "kinds": [event.kind for event in events if event.kind != "preview_taken"],
        "losses": [[*row] for event in steps for row in zip(*event.losses.values(), event.total, strict=True)],
        "changes": [[event.step, event.after] for event in events if event.kind == "weights_changed"],
        "metrics": [event.metrics for event in events if event.kind == "epoch_finished"],
        "notes": [event.code for event in events if event.kind == "noted"],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
