"""Takes a network away: writes it in a format, compares it with the live network, and only then puts it in place."""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import refusal, slug
from mtlstudio.base.texts import mark, tr
from mtlstudio.network.export.formats import ExportFormat, ExportResult, export_format, export_formats
from mtlstudio.network.export.subject import Subject, of_design, of_run
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.folder import RunFolder

_NOTES = {
    "plateau": mark("The script keeps the learning rate where the project lowers it after the validation."),
    "weight_decay": mark("The script keeps the weight decay that the project changes over time."),
    "weight_schedule": mark("The script keeps the loss weights of the start."),
    "balancing": mark("The script weighs the losses as they are at the start; the project's method changes that."),
}
_UNWRITTEN = mark("The loss of {tasks} is a stand-in in the script: write your own.")
_UNMEASURED = mark("Without a run, mean and deviation of the pictures are ImageNet's.")


class ExportCancelled(Exception):
    """The export was given up."""


@dataclass(frozen=True)
class _Work:
    """One export under way.

    Attributes:
        subject: what is exported.
        folder: where it is written before it is verified.
        stem: of its files' names; the main file is `stem + suffix`.
        suffix: of the main file.
        with_weights: trained weights go along.
        cancelled: asked now and then.
        tell: says what is being done.
    """

    subject: Subject
    folder: Path
    stem: str
    suffix: str
    with_weights: bool
    cancelled: Callable[[], bool]
    tell: Callable[[str], None]

    def file(self, suffix: str = "") -> Path:
        """A file that is being written."""
        return self.folder / f"{self.stem}{suffix or self.suffix}"

    @property
    def document(self) -> Path:
        """The description beside the main file; several formats may lie in one folder."""
        return self.folder / f"{self.stem}{self.suffix}.json"

    def step(self, sentence: str) -> None:
        """Begins the next step.

        Raises:
            ExportCancelled: nobody wants it any more.
        """
        if self.cancelled():
            raise ExportCancelled
        self.tell(sentence)


@dataclass(frozen=True)
class _Written:
    """What was written and compared."""

    files: tuple[Path, ...]
    differences: Mapping[str, float]
    notes: tuple[str, ...] = ()


def take_away(
    source: RunFolder | ProjectSpec, format: str, path: Path, *, with_weights: bool = True, which: str | int = "best",
    progress: Callable[[str], None] | None = None, cancelled: Callable[[], bool] = lambda: False,
) -> ExportResult:  # fmt: skip
    """Writes a network and verifies it. Files appear only when they agree with the live network.

    Args:
        source: a run, or a design without one (formats that need no run).
        format: id of a format.
        path: the file; or a folder, existing or without a suffix in its name, to write it into.
        with_weights: trained weights go along.
        which: checkpoint of the run: best, last, or a step.
        progress: told what is being done.
        cancelled: asked before each step.

    Raises:
        StudioError: the format needs a run or packages that are missing, the network has errors, parts of it cannot be
            exported (all are named), it disagrees with the live network, or the system refused.
        ExportCancelled: `cancelled` said so.
    """
    started = time.perf_counter()
    chosen = _chosen(format, source)
    tell = progress or (lambda sentence: None)
    tell(tr("Reading the network…"))
    subject = of_design(source) if isinstance(source, ProjectSpec) else of_run(source, which)
    target = _target(Path(path), chosen, subject.spec)
    has_weights = bool(subject.run) and with_weights
    with _staging(target.parent) as folder:
        work = _Work(subject, Path(folder), target.stem, target.suffix, has_weights, cancelled, tell)
        written = _WRITERS[chosen.id](work)
        if cancelled():
            raise ExportCancelled
        files = tuple(_put(file, target.parent) for file in written.files)
    from mtlstudio.network.export.verify import BATCH_SIZES

    notes = written.notes if subject.measured or chosen.id != "python" else (*written.notes, tr(_UNMEASURED))
    return ExportResult(
        chosen.id,
        files,
        written.differences,
        BATCH_SIZES,
        has_weights,
        subject.run,
        time.perf_counter() - started,
        notes,
    )


def _chosen(format: str, source: RunFolder | ProjectSpec) -> ExportFormat:
    try:
        chosen = export_format(format)
    except KeyError:
        known = ", ".join(item.id for item in export_formats())
        raise StudioError(
            mark("there is no export format {format}"), fix=mark("Known: {known}."), format=format, known=known
        ) from None
    if chosen.missing():
        raise chosen.refusal()
    if chosen.needs_run and isinstance(source, ProjectSpec):
        raise StudioError(
            mark("{format} needs a trained run"), fix=mark("Name one with --run, or export Python."), format=chosen.name
        )
    return chosen


def _target(path: Path, format: ExportFormat, spec: ProjectSpec) -> Path:
    """The main file."""
    return path / f"{slug(spec.name)}{format.suffix}" if path.is_dir() or not path.suffix else path


def _staging(folder: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(prefix=".export-", dir=folder)
    except OSError as error:
        raise refusal(error, folder, writing=True) from error


def _put(file: Path, folder: Path) -> Path:
    try:
        os.replace(file, folder / file.name)
    except OSError as error:
        raise refusal(error, folder / file.name, writing=True) from error
    return folder / file.name


def _python(work: _Work) -> _Written:
    from mtlstudio.inspection.script.check import Case, run_scripts
    from mtlstudio.inspection.script.whole import write_script
    from mtlstudio.network.export.weights import as_state_file, tidy_state

    work.step(tr("Writing the script…"))
    weights = work.file(".pt")
    script = write_script(work.subject, weights.name if work.with_weights else "")
    work.file().write_text(script.text, encoding="utf-8", newline="\n")
    weights.write_bytes(as_state_file(tidy_state(work.subject.spec, work.subject.network)))
    work.step(tr("Running the script on its own and comparing…"))
    ran = run_scripts([Case(work.subject, script, work.file(), weights)], work.cancelled)[0]
    if ran.error:
        raise StudioError(mark("the script did not run: {reason}"), where=work.file().name, reason=ran.error)
    for task, (said, live) in ran.losses.items():
        if not math.isclose(said, live, rel_tol=1e-4, abs_tol=1e-4):
            raise StudioError(
                mark("the loss of {task} differs from the live one: {said:.6g} for {live:.6g}"),
                where=work.file().name, task=task, said=said, live=live,
            )  # fmt: skip
    notes = [tr(_NOTES[code]) for code in script.notes]
    if script.unwritten:
        notes.append(tr(_UNWRITTEN, tasks=", ".join(script.unwritten)))
    files = (work.file(), weights) if work.with_weights else (work.file(),)
    return _Written(files, ran.differences, tuple(notes))


def _onnx(work: _Work) -> _Written:
    from mtlstudio.network.export.describe import description
    from mtlstudio.network.export.onnx import OPSET, onnx_names, run_onnx, write_onnx
    from mtlstudio.network.export.verify import compare, live_outputs, random_batches

    work.step(tr("Writing ONNX…"))
    subject = work.subject
    names = onnx_names(subject.spec)
    document = description(subject, names, format="onnx", opset=OPSET)
    write_onnx(subject.spec, subject.network, work.file(), document)
    _write_json(work.document, document)
    work.step(tr("Comparing with the live network…"))
    batches = random_batches(subject.spec)
    found = run_onnx(work.file(), names, batches)
    differences = compare(live_outputs(subject.network, batches), found, work.file().name)
    return _Written((work.file(), work.document), differences)


def _safetensors(work: _Work) -> _Written:
    from mtlstudio.network.export.describe import description
    from mtlstudio.network.export.verify import compare, live_outputs, random_batches
    from mtlstudio.network.export.weights import as_safetensors, read_back, tidy_state
    from mtlstudio.project.codec import to_json

    work.step(tr("Writing the weights…"))
    subject = work.subject
    inputs = {item.id: item.id for item in subject.spec.inputs}
    document = description(subject, inputs, format="safetensors")
    data = as_safetensors(tidy_state(subject.spec, subject.network), document)
    work.file().write_bytes(data)
    _write_json(work.document, {**document, "network": to_json(subject.spec)["network"]})
    work.step(tr("Comparing with the live network…"))
    batches = random_batches(subject.spec)
    found = live_outputs(read_back(subject.spec, work.file().read_bytes()), batches)
    differences = compare(live_outputs(subject.network, batches), found, work.file().name)
    return _Written((work.file(), work.document), differences)


def _torch(work: _Work) -> _Written:
    from mtlstudio.network.export.describe import description
    from mtlstudio.network.export.torch_export import run_program, write_program
    from mtlstudio.network.export.verify import compare, live_outputs, random_batches

    work.step(tr("Following the network…"))
    subject = work.subject
    document = description(subject, {item.id: item.id for item in subject.spec.inputs}, format="torch.export")
    write_program(subject.spec, subject.network, work.file(), document)
    _write_json(work.document, document)
    work.step(tr("Comparing with the live network…"))
    batches = random_batches(subject.spec)
    differences = compare(
        live_outputs(subject.network, batches), run_program(work.file(), batches), work.file().name
    )  # fmt: skip
    return _Written((work.file(), work.document), differences)


def _write_json(path: Path, document: Mapping[str, object]) -> None:
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


_WRITERS: dict[str, Callable[[_Work], _Written]] = {
    "python": _python, "onnx": _onnx, "safetensors": _safetensors, "torch": _torch,
}  # fmt: skip
