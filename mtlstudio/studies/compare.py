"""Runs and studies side by side: metrics, Δm in both conventions, ranks, in what they differ; only what can be compared.

Figures are those of validation at each run's best epoch, at the network's size, as its log has them: they are there for
every run. Runs are comparable that saw the same data in the same splits, at the same size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.delta import Delta, delta, mean_ranks
from mtlstudio.runs.differences import FieldChange, NetworkChange, causes, network_change, setting_changes
from mtlstudio.runs.folder import RUNNING, RunFolder, RunInfo, runs_of
from mtlstudio.runs.forgetting import Account, account_of
from mtlstudio.runs.statistics import Spread, spread
from mtlstudio.runs.summary import RunSummary
from mtlstudio.studies.folder import StudyFolder, studies_of
from mtlstudio.studies.metrics import directions
from mtlstudio.studies.study import BASELINES
from mtlstudio.training.adding import main_directions

Key = tuple[str, int, str]
"""What runs must have in common to be compared: the data's fingerprint, image size, way of resizing."""

Values = dict[str, dict[str, float | None]]


@dataclass(frozen=True)
class Entry:
    """A run.

    Attributes:
        key: what it can be compared by; None before it finished an epoch.
        values: task id -> metric id -> value, of the metrics that count.
        delta: over the baselines; None where there are none, and for the baselines themselves.
        baselines: id of the study that they are of, or "".
        unlike_baselines: fields (and `network`) in which the run differs from what the baselines were made of.
        rank: mean rank among the comparable runs of all tasks; None for others.
        note: why it cannot be compared, in words, or "".
    """

    run: RunFolder
    info: RunInfo
    summary: RunSummary
    spec: ProjectSpec
    key: Key | None
    values: Values
    delta: Delta | None = None
    baselines: str = ""
    unlike_baselines: tuple[str, ...] = ()
    rank: float | None = None
    note: str = ""
    account: Account | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        info, summary = self.info, self.summary
        return {
            "run": info.id, "name": info.name, "status": info.status, "study": info.study.get("id"),
            "role": info.study.get("role"), "seed": info.seed, "epochs": summary.epochs,
            "best_epoch": summary.best_epoch, "seconds": summary.seconds, "parameters": summary.parameters,
            "device": summary.device, "steered": summary.steered, "restated": summary.restated,
            "rested": list(summary.rested), "stages": summary.stages, "tasks": self.values,
            "delta_m": {**self.delta.as_json(), "baselines": self.baselines, "unlike": list(self.unlike_baselines)}
            if self.delta else None,
            "mean_rank": self.rank, "note": self.note,
            "added": self.account.as_json() if self.account is not None else None,
        }  # fmt: skip


Known = dict[str, tuple[tuple[int, ...], Entry]]
"""Path of a run -> the stamp of its files when it was read, and what was read."""


@dataclass(frozen=True)
class Group:
    """Runs that can be compared with one another.

    Attributes:
        runs: ids.
        baselines: id of the study that Δm is over, or "".
        settings: fields in which the runs of several tasks differ, values in the order of `compared`.
        networks: run id -> how its network differs from that of the first; only those that do.
    """

    key: Key
    runs: tuple[str, ...]
    compared: tuple[str, ...]
    baselines: str
    settings: tuple[FieldChange, ...]
    networks: dict[str, NetworkChange]

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        fingerprint, size, resize = self.key
        differences = {c.field: dict(zip(self.compared, c.values, strict=True)) for c in self.settings}
        return {
            "fingerprint": fingerprint, "image_size": size, "resize": resize, "split": "val", "runs": list(self.runs),
            "baselines": self.baselines or None, "differences": differences,
            "networks": {run: change.as_json() for run, change in self.networks.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class Row:
    """The runs of a study that differ in their seeds alone.

    Attributes:
        label: role, or what the point of a sweep sets.
        values: task id -> metric id -> mean ± SD.
        per_task, per_metric: Δm over the baselines.
    """

    study: str
    label: str
    runs: tuple[str, ...]
    values: dict[str, dict[str, Spread]]
    per_task: Spread | None
    per_metric: Spread | None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "label": self.label, "runs": list(self.runs),
            "tasks": {t: {m: one.as_json() for m, one in metrics.items()} for t, metrics in self.values.items()},
            "delta_m": {
                "per_task": self.per_task.as_json() if self.per_task else None,
                "per_metric": self.per_metric.as_json() if self.per_metric else None,
            },
        }  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """All runs of a project, the newest last; `groups` in the order of their newest run, the newest first; `unreadable`:
    what could not be read and is left out, a line each."""

    entries: tuple[Entry, ...]
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    studies: tuple[StudyFolder, ...] = field(default=())
    unreadable: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "runs": [entry.as_json() for entry in self.entries],
            "groups": [group.as_json() for group in self.groups],
            "studies": [self._study(study) for study in self.studies], "unreadable": list(self.unreadable),
        }  # fmt: skip

    def _study(self, folder: StudyFolder) -> dict[str, Any]:
        answer = folder.answer() or {}
        return {
            "study": folder.id, "kind": folder.study().kind, "status": folder.status(),
            "rows": [row.as_json() for row in self.rows if row.study == folder.id],
            "headline": answer.get("headline"), "delta_m": answer.get("delta_m"),
            "verdicts": {task: one["verdict"] for task, one in answer.get("tasks", {}).items()},
        }  # fmt: skip


def compare(project_folder: Path, known_entries: Known | None = None) -> Comparison:
    """Everything side by side. What cannot be read is left out, and named.

    Args:
        project_folder: of the project.
        known_entries: what an earlier call has read, for those who look often; it is brought up to date.
    """
    faults: list[StudioError] = []
    entries = []
    for run in runs_of(project_folder, faults):
        try:
            entries.append(_read_once(run, known_entries))
        except StudioError as error:
            faults.append(error)
    studies = studies_of(project_folder, faults)
    by_key: dict[Key, list[Entry]] = {}
    for entry in entries:
        if entry.key is not None:
            by_key.setdefault(entry.key, []).append(entry)
    groups, known = [], {entry.run.id: entry for entry in entries}
    for key, members in by_key.items():
        judged, baselines = _judged(members, studies)
        known |= {entry.run.id: entry for entry in judged}
        groups.append(_group(key, judged, baselines))
    groups.reverse()
    marked = _noted(list(known.values()), groups)
    torn = [
        tr("{log}: {n} lines of it cannot be read.", log=entry.run.log.path, n=entry.summary.unread)
        for entry in marked if entry.summary.unread
    ]  # fmt: skip
    told = (*(error.text() for error in faults), *torn)
    return Comparison(tuple(marked), tuple(groups), tuple(_rows(marked)), tuple(studies), told)


def _read_once(run: RunFolder, known: Known | None) -> Entry:
    """A run whose files have not changed is not read again; one that runs may end without a word.

    Raises:
        StudioError: its files cannot be read.
    """
    if known is None:
        return _entry(run)
    stamp, before = run.stamp(), known.get(str(run.path))
    if before is not None and before[0] == stamp:
        return before[1]
    entry = _entry(run)
    if entry.info.status != RUNNING:
        known[str(run.path)] = (stamp, entry)
    return entry


def _entry(run: RunFolder) -> Entry:
    """A run by itself.

    Raises:
        StudioError: its files cannot be read.
    """
    try:
        info, summary, spec = run.info(), run.summary(), run.spec()
        wanted = directions(spec.tasks)
    except (OSError, KeyError) as error:
        raise StudioError(mark("cannot be read: {reason}"), where=str(run.path), reason=repr(error)) from error
    fingerprint = info.fingerprint
    if info.is_baseline:
        fingerprint = str(info.study.get("fingerprint", fingerprint))  # its own is of fewer targets
    values: Values = {
        task: {metric: summary.metrics.get(task, {}).get(metric) for metric in metrics}
        for task, metrics in wanted.items()
    }
    key = (fingerprint, spec.data.image_size, spec.data.resize) if fingerprint and summary.best_epoch else None
    note = "" if key else tr("no epoch is finished yet")
    account = account_of(run, main_directions(spec)) if key else None
    return Entry(run, info, summary, spec, key, values, note=note, account=account)


def _judged(members: Sequence[Entry], studies: Sequence[StudyFolder]) -> tuple[list[Entry], str]:
    """The entries with Δm and ranks, and the study of baselines that was taken: the newest with a trained baseline."""
    tasks = max((entry.spec.tasks for entry in members), key=len)
    wanted = directions(tasks)
    study, means = _baselines(members, studies, wanted)
    full = [entry for entry in members if set(entry.values) == set(wanted)]
    ranks = mean_ranks({entry.run.id: entry.values for entry in full}, wanted)
    found = []
    for entry in members:
        judged = replace(entry, rank=ranks.get(entry.run.id) if len(full) > 1 else None)
        if study is not None and not entry.info.is_baseline:
            unlike = tuple(causes([entry.spec, study.study().project]))
            judged = replace(
                judged, delta=delta(entry.values, means, directions(entry.spec.tasks)), baselines=study.id,
                unlike_baselines=unlike,
            )  # fmt: skip
        found.append(judged)
    return found, study.id if study is not None else ""


def _baselines(
    members: Sequence[Entry], studies: Sequence[StudyFolder], wanted: Mapping[str, Mapping[str, bool]]
) -> tuple[StudyFolder | None, Values]:
    """The newest study of baselines among the entries, and the mean over seeds of each task alone."""
    for study in reversed(studies):
        own = [entry for entry in members if entry.info.is_baseline and entry.info.study.get("id") == study.id]
        if study.study().kind != BASELINES or not own:
            continue
        means: Values = {}
        for task, metrics in wanted.items():
            for metric in metrics:
                found = spread([e.values[task].get(metric) for e in own if task in e.values])
                means.setdefault(task, {})[metric] = found.mean if found else None
        return study, means
    return None, {}


def _group(key: Key, members: Sequence[Entry], baselines: str) -> Group:
    several = [entry for entry in members if not entry.info.is_baseline]
    specs = [entry.spec for entry in several]
    networks = {e.run.id: change for e in several[1:] if (change := network_change(e.spec, specs[0]))}
    return Group(
        key, tuple(entry.run.id for entry in members), tuple(entry.run.id for entry in several), baselines,
        tuple(setting_changes(specs)) if len(specs) > 1 else (), networks,
    )  # fmt: skip


def _noted(entries: Sequence[Entry], groups: Sequence[Group]) -> list[Entry]:
    """Says of runs outside the newest group why they cannot be compared with those in it."""
    if len(groups) < 2:
        return list(entries)
    newest = groups[0].key
    found = []
    for entry in entries:
        if entry.key is not None and entry.key != newest:
            other_data = entry.key[0] != newest[0]
            note = tr("other data, targets or splits than the newest runs") if other_data else tr("another image size")
            entry = replace(entry, note=note)
        found.append(entry)
    return found


def _rows(entries: Sequence[Entry]) -> list[Row]:
    """One row per role or point of each study."""
    together: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        told = entry.info.study
        if told and entry.key is not None:
            label = ", ".join(f"{field}={value}" for field, value in entry.info.changes.items())
            together.setdefault((str(told.get("id")), label or str(told.get("role"))), []).append(entry)
    return [_row(study, label, found) for (study, label), found in together.items()]


def _row(study: str, label: str, entries: Sequence[Entry]) -> Row:
    values: dict[str, dict[str, Spread]] = {}
    for task, metrics in entries[0].values.items():
        for metric in metrics:
            one = spread([entry.values.get(task, {}).get(metric) for entry in entries])
            if one is not None:
                values.setdefault(task, {})[metric] = one
    deltas = [entry.delta for entry in entries if entry.delta is not None]
    return Row(
        study, label, tuple(entry.run.id for entry in entries), values,
        spread([one.per_task for one in deltas]), spread([one.per_metric for one in deltas]),
    )  # fmt: skip
