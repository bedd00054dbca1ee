"""`mtlstudio compare DIR`: runs and studies side by side."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mtlstudio.base.texts import mark, ntr, tr
from mtlstudio.cli.interface import Command, complain, load_project, print_json, table
from mtlstudio.runs.differences import shown

if TYPE_CHECKING:
    from mtlstudio.runs.forgetting import Account
    from mtlstudio.studies.compare import Comparison, Entry, Group


class _Compare(Command):
    id = "compare"
    summary = mark("runs and studies side by side: metrics, Δm, ranks, in what they differ")

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help=tr("a project folder"))
        parser.add_argument("--json", action="store_true", help=tr("one JSON document"))

    def run(self, arguments: argparse.Namespace) -> int:
        from mtlstudio.studies.compare import compare

        load_project(arguments.folder)
        found = compare(arguments.folder.resolve())
        if arguments.json:
            print_json(found.as_json())
        else:
            _print(found)
        for line in found.unreadable:
            complain(line)
        return 1 if found.unreadable else 0


def _print(found: Comparison) -> None:
    if not found.entries:
        print(tr("There is no run yet."))
        return
    entries = {entry.run.id: entry for entry in found.entries}
    for group in found.groups:
        _print_group(group, [entries[run] for run in group.runs])
        print()
    for entry in found.entries:
        if entry.key is None:
            print(f"{entry.run.id}: {entry.note}")
    if len(found.groups) > 1:
        print(tr("The tables cannot be compared with one another: other data, targets, splits or image size."))
    for study in found.as_json()["studies"]:
        words = study["headline"] or ""
        print(f"{study['study']} ({study['status']}) {words}".rstrip())


def _print_group(group: Group, entries: Sequence[Entry]) -> None:
    from mtlstudio.studies.words import number, percent

    columns = list(dict.fromkeys((task, metric) for entry in entries for task in entry.values
                                 for metric in list(entry.values[task])[:1]))  # fmt: skip
    rows = [
        [entry.info.name, *(number(entry.values.get(task, {}).get(metric)) for task, metric in columns),
         percent(entry.delta.per_task if entry.delta else None), percent(entry.delta.per_metric if entry.delta else None),
         number(entry.rank), f"{entry.summary.parameters:,}", str(entry.summary.best_epoch),
         _remark(entry)]
        for entry in entries
    ]  # fmt: skip
    header = [
        tr("Run"), *(f"{task} {metric}" for task, metric in columns), tr("Δm per task"), tr("Δm per metric"),
        tr("Mean rank"), tr("Parameters"), tr("Best epoch"), "",
    ]  # fmt: skip
    print(table(rows, header))
    for entry in entries:
        if entry.account is not None:
            print(f"{entry.info.name}: {_account(entry.account)}")
    values = {"size": group.key[1], "fingerprint": group.key[0][:12]}
    print(tr("Validation, best epoch of each run, {size} × {size} pixels; data {fingerprint}.", **values))
    print(tr("Δm over the baselines of {study}; higher is better.", study=group.baselines) if group.baselines
          else tr("No baselines: mtlstudio baselines trains them, for Δm."))  # fmt: skip
    for change in group.settings:
        told = ", ".join(dict.fromkeys("—" if value is None else shown(value) for value in change.values))
        print(tr("Differs: {field}: {values}", field=change.field, values=told))
    if group.networks:
        print(tr("Differs: network: {runs}", runs=", ".join(group.networks)))


def _remark(entry: Entry) -> str:
    """What keeps its figures from being those of the settings alone."""
    parts = [tr("λ by hand")] if entry.summary.steered else []
    if entry.summary.restated:
        parts.append(tr("tasks muted or frozen by hand"))
    if entry.summary.rested:
        parts.append(tr("laid to rest: {tasks}", tasks=", ".join(entry.summary.rested)))
    if entry.summary.stages:
        parts.append(ntr("{n} stage", "{n} stages", entry.summary.stages))
    if entry.unlike_baselines:
        parts.append(tr("unlike the baselines: {fields}", fields=", ".join(entry.unlike_baselines)))
    return "; ".join(parts)


def _account(account: Account) -> str:
    """What adding tasks to another run has cost the old ones, and how far the new ones fall short."""
    from mtlstudio.studies.words import number

    forgotten = ", ".join(f"{one.task} {number(one.forgetting)}" for one in account.old)
    short = ", ".join(f"{one.task} {number(one.intransigence)}" for one in account.new)
    words = tr("added to {run}: forgotten {forgotten}; short of a run from the start {short}", run=account.start,
               forgotten=forgotten or "—", short=short or "—")  # fmt: skip
    return words if account.same_data else f"{words} ({tr('validated on other pictures')})"


COMMAND = _Compare()
