"""What the commands of studies have in common: their arguments, and working through a study with its progress."""

from __future__ import annotations

import argparse
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.interface import complain, load_project
from mtlstudio.cli.progress import Progress
from mtlstudio.project.fields import set_field, set_fields
from mtlstudio.project.spec import ProjectSpec

if TYPE_CHECKING:
    from mtlstudio.studies.folder import StudyFolder
    from mtlstudio.studies.study import Study
    from mtlstudio.training.control import Control


def add_arguments(parser: argparse.ArgumentParser, seeds: int) -> None:
    """The arguments of all studies."""
    parser.add_argument(
        "--seeds", type=int, default=seeds, metavar="N", help=tr("how many, from the project's own on; default {n}", n=seeds)
    )  # fmt: skip
    add_settings(parser)
    parser.add_argument("--resume", metavar="STUDY", help=tr("go on with this study, whatever the project is now"))
    parser.add_argument("--again", action="store_true", help=tr("train anew what the very same study has trained"))
    parser.add_argument("--json", action="store_true", help=tr("one JSON document at the end, nothing else"))


def add_settings(parser: argparse.ArgumentParser) -> None:
    """What changes the project for this command alone."""
    parser.add_argument("--epochs", type=int, metavar="N", help=tr("epochs of each run"))
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), help=tr("where to train"))
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", dest="changes",
        help=tr("a field of the project, for this command alone, such as training.batch_size=8"),
    )  # fmt: skip


def spec_of(arguments: argparse.Namespace) -> ProjectSpec:
    """The project, with the fields that the arguments set.

    Raises:
        StudioError: it cannot be read, or a field or value does not fit.
    """
    spec = load_project(arguments.folder)
    pairs = []
    for change in arguments.changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise StudioError(mark("--set {change!r} has no value"), fix=mark("Write it as KEY=VALUE."), change=change)
        pairs.append((key.strip(), value))
    spec = set_fields(spec, pairs, arguments.folder.resolve())
    if arguments.epochs is not None:
        spec = set_field(spec, "training.epochs", str(arguments.epochs))
    if arguments.device is not None:
        spec = replace(spec, training=replace(spec.training, device=arguments.device))
    return spec


def folder_for(project_folder: Path, study: Study, again: bool) -> StudyFolder:
    """Where a plan is worked on: the newest study of that very plan, so that nothing is trained twice; else a new one."""
    from mtlstudio.studies.folder import create_study, same_study

    known = None if again else same_study(project_folder, study)
    return known or create_study(project_folder, study)


def named_study(project_folder: Path, name: str, kinds: tuple[str, ...]) -> StudyFolder:
    """The study of that id.

    Raises:
        StudioError: there is none, or it is of another kind.
    """
    from mtlstudio.studies.folder import find_study

    folder = find_study(project_folder, name)
    if folder.study().kind not in kinds:
        raise StudioError(
            mark("{name} is a study of another kind: {kind}"), fix=mark("Its own command goes on with it."),
            name=name, kind=folder.study().kind,
        )  # fmt: skip
    return folder


def work(folder: StudyFolder, quiet: bool) -> bool:
    """Trains and measures what is not done yet, with its progress. Returns whether all is done; what failed is named on
    standard error, and so is that it was stopped.

    Raises:
        StudioError: somebody else works on the study, or its data has changed.
    """
    from mtlstudio.runs.events import Event
    from mtlstudio.studies.events import MemberFailed, StudyEvent, StudyFinished
    from mtlstudio.studies.queue import enqueue
    from mtlstudio.studies.runner import StudyRunner
    from mtlstudio.training.control import Control

    if folder.status() == "finished":
        return True
    enqueue(folder)
    control = Control()
    _stop_on_signal(control)
    progress, status, began = Progress(quiet=quiet), "", time.monotonic()
    for event in StudyRunner(folder, control).run():
        if isinstance(event, Event):
            progress.show(event)
            continue
        progress.close()
        if isinstance(event, MemberFailed):
            complain(f"{folder.id}: {event.label}, {tr('seed {seed}', seed=event.seed)}: {event.reason}")
        if isinstance(event, StudyFinished):
            status = event.status
        if isinstance(event, StudyEvent) and not quiet:
            _show(event)
    if status == "stopped":
        complain(tr("{study}: stopped; the same command goes on with it", study=folder.id))
    elif not quiet:
        print(tr("{study}: {seconds:.0f} s", study=folder.id, seconds=time.monotonic() - began))
    return status == "finished"


def _show(event: object) -> None:
    from mtlstudio.studies.events import MemberMeasuring, MemberStarted, StudyStarted

    if isinstance(event, StudyStarted):
        values = {"study": event.study, "members": event.members, "done": event.done}
        print(tr("study {study}: {members} runs, {done} of them done before", **values), flush=True)
    elif isinstance(event, MemberStarted):
        values = {"number": event.number, "members": event.members, "label": event.label, "seed": event.seed}
        text = (tr("[{number}/{members}] {label}, seed {seed}: goes on", **values) if event.resumed
                else tr("[{number}/{members}] {label}, seed {seed}", **values))  # fmt: skip
        print(text, flush=True)
    elif isinstance(event, MemberMeasuring):
        print(tr("measuring on {split}: {n} pictures", split=event.split, n=event.pictures), flush=True)


def _stop_on_signal(control: Control) -> None:
    """The first interrupt ends the study after the step under way; the second one at once."""

    def stop(number: int, _frame: object) -> None:
        signal.signal(number, signal.default_int_handler)
        control.stop()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
