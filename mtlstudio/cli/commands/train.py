"""`mtlstudio train DIR`: trains a run, or goes on with one."""

from __future__ import annotations

import argparse
import signal
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError, as_line
from mtlstudio.base.texts import mark, tr
from mtlstudio.cli import together
from mtlstudio.cli.interface import Command, complain, find_run, load_project, print_json
from mtlstudio.cli.progress import Progress
from mtlstudio.project.codec import from_json, to_json
from mtlstudio.project.fields import set_field, set_fields
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.events import RunFailed
from mtlstudio.runs.folder import RUNS, RunFolder, create_run
from mtlstudio.training import strategies as _strategies  # noqa: F401  (lets --set training.strategy=ID be typed)
from mtlstudio.training.declarations import chosen
from mtlstudio.training.methods import balancing_methods, optimizers, schedules

if TYPE_CHECKING:
    from mtlstudio.training.control import Control
    from mtlstudio.training.ranks import Ranks
    from mtlstudio.training.trainer import Trainer


TAKEN_ON_RESUME = ("training.epochs", "training.device", "training.threads")
"""What a run that goes on takes from the command; all else is as its snapshot has it."""


class _Train(Command):
    id = "train"
    together = True
    summary = mark("train the project's network")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("--epochs", type=int, metavar="N", help=tr("epochs in total, also on resume"))
        parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help=tr("where to train"))
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes",
            help=tr("a field of the project, for this run alone, such as training.batch_size=8"),
        )  # fmt: skip
        parser.add_argument("--name", metavar="RUN", help=tr("what the run is called"))
        parser.add_argument("--resume", metavar="RUN", help=tr("go on with this run"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document at the end, nothing else"))

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.training.control import Control
        from mtlstudio.training.several.group import found_ranks
        from mtlstudio.training.trainer import Trainer

        ranks = found_ranks()
        chosen = _agreed(arguments, ranks)
        if chosen is None:
            return 1
        spec, run, resumes = chosen
        control = Control()
        _stop_on_signal(control, again=ranks.count == 1)
        trainer = Trainer(spec, arguments.folder.resolve(), run, control, resumes, ranks)
        together.end_where_others_are_silent(ranks, trainer, run)
        failure = _trained(trainer, Progress(quiet=arguments.json or ranks.index > 0))
        if arguments.json and ranks.index == 0:
            print_json(_document(run, failure))
        if failure is not None:
            line = as_line(run.id, failure.message, failure.fix, _proposal(arguments, run, failure))
            complain(line, aloud=ranks.speaks)
        return together.ended(ranks, failure)


def _agreed(arguments: argparse.Namespace, ranks: Ranks) -> tuple[ProjectSpec, RunFolder, bool] | None:
    """What all processes train: what the first one chose; None where it could not, and said so."""
    try:
        own = _chosen(arguments) if ranks.index == 0 else None
    except StudioError:
        ranks.first(None)
        raise
    told = ranks.first(None if own is None or ranks.count == 1 else (to_json(own[0]), own[1].id, own[2]))
    if own is not None:
        return own
    if told is None:
        return None
    spec, run, resumes = told
    return from_json(spec, where="project"), RunFolder(arguments.folder.resolve() / RUNS / run), resumes


def _trained(trainer: Trainer, progress: Progress) -> RunFailed | None:
    failure: RunFailed | None = None
    for event in trainer.run():
        progress.show(event)
        if isinstance(event, RunFailed):
            failure = event
    progress.close()
    return failure


def _chosen(arguments: argparse.Namespace) -> tuple[ProjectSpec, RunFolder, bool]:
    """What is to be trained, in which run, and whether it is resumed; else a new one is made."""
    folder: Path = arguments.folder.resolve()
    spec = load_project(arguments.folder)
    resumed = find_run(folder, arguments.resume) if arguments.resume else None
    if resumed is not None and _fields(arguments) - set(TAKEN_ON_RESUME):
        raise StudioError(
            mark("a run goes on with its own settings: --set changes no more than {fields}"), where=resumed.id,
            fix=mark("Leave the others out, or start a new run from this one: --set training.start_from={run}."),
            run=resumed.id, fields=", ".join(TAKEN_ON_RESUME),
        )  # fmt: skip
    spec = _changed(resumed.spec() if resumed else spec, arguments, folder)
    if resumed is None:
        _refuse_unknown(spec, folder)  # before a run is made of it
    return spec, resumed or create_run(folder, arguments.name, spec), resumed is not None


def _refuse_unknown(spec: ProjectSpec, folder: Path) -> None:
    """Raises StudioError: a method, or the run to start from, is not there, or a parameter does not fit."""
    training = spec.training
    chosen(balancing_methods(), training.balancing, "training.balancing")
    chosen(optimizers(), training.optimizer, "training.optimizer")
    chosen(schedules(), training.schedule, "training.schedule")
    if training.start_from:
        find_run(folder, training.start_from)


def _fields(arguments: argparse.Namespace) -> set[str]:
    return {change.partition("=")[0].strip() for change in arguments.changes}


def _proposal(arguments: argparse.Namespace, run: RunFolder, failure: RunFailed) -> str:
    """The command that starts a run with what is proposed, from what this one has learned; else as this one was asked for."""
    if not failure.proposal:
        return ""
    asked = dict(change.partition("=")[::2] for change in arguments.changes)
    start = {"training.start_from": run.id} if failure.checkpoint else {}
    told = [f"--set {quote(f'{name}={value}')}" for name, value in {**asked, **failure.proposal, **start}.items()]
    told += [f"--epochs {arguments.epochs}"] if arguments.epochs is not None else []
    values = {"folder": quote(str(arguments.folder)), "settings": " ".join(told)}
    return tr("A new run with that: `mtlstudio train {folder} {settings}`", **values)


def _changed(spec: ProjectSpec, arguments: argparse.Namespace, folder: Path) -> ProjectSpec:
    pairs = []
    for change in arguments.changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise StudioError(mark("--set {change!r} has no value"), fix=mark("Write it as KEY=VALUE."), change=change)
        pairs.append((key.strip(), value))
    spec = set_fields(spec, pairs, folder)
    if arguments.epochs is not None:
        spec = set_field(spec, "training.epochs", str(arguments.epochs))
    if arguments.device is not None:
        spec = replace(spec, training=replace(spec.training, device=arguments.device))
    return spec


def _stop_on_signal(control: Control, again: bool) -> None:
    """The first interrupt ends the run after the step under way, with a checkpoint; the second one at once.

    Args:
        again: there may be a second one (`torchrun` hands on every interrupt, which reaches its processes anyway).
    """

    def stop(number: int, _frame: object) -> None:
        if again:
            signal.signal(number, signal.default_int_handler)
        control.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _document(run: RunFolder, failure: RunFailed | None) -> dict[str, object]:
    summary = run.summary()
    return {
        "run": run.id,
        "path": run.path,
        "status": summary.status,
        "epochs": summary.epochs,
        "steps": summary.steps,
        "seconds": summary.seconds,
        "best_epoch": summary.best_epoch,
        "tasks": {
            task: {**metrics, "val_loss": summary.val_losses.get(task)} for task, metrics in summary.metrics.items()
        },
        "failure": {
            "code": failure.code,
            "message": failure.message,
            "fix": failure.fix,
            "checkpoint": failure.checkpoint,
            "proposal": failure.proposal,
        }
        if failure
        else None,
    }


COMMAND = _Train()
