"""The lines of the table of runs: seeds of a study folded into one with mean ± SD, filtered, sorted. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mtlstudio.base.texts import ntr, tr
from mtlstudio.runs.delta import PER_TASK
from mtlstudio.runs.statistics import Spread, spread
from mtlstudio.studies.methods import METHOD_FIELD, field_name
from mtlstudio.ui.compare.outcome import member_words
from mtlstudio.ui.compare.rows import RunRow, duration, status_words

NO_STUDY = "-"
NAME, STATUS, NETWORK, BALANCE, DELTA, PARAMETERS, EPOCHS, TIME, TAGS, NOTE = (
    "name", "status", "network", "balance", "delta", "parameters", "epochs", "time", "tags", "note",
)  # fmt: skip
TASK = "task:"
"""Before the id of a task: the column of its main metric."""


@dataclass(frozen=True)
class Filter:
    """Which runs are wanted.

    Attributes:
        text: words that all stand somewhere in name, tags, note, network, balance, study.
        status: of the run, or "" for any.
        study: id of a study, `NO_STUDY`, or "" for any.
    """

    text: str = ""
    status: str = ""
    study: str = ""

    def takes(self, row: RunRow) -> bool:
        """Whether a run is wanted."""
        if self.status and row.info.status != self.status:
            return False
        if self.study and row.study != ("" if self.study == NO_STUDY else self.study):
            return False
        info = row.info
        parts = (info.id, info.name, *info.tags, info.note, row.sharing, row.balance, row.study)
        hay = " ".join(parts).casefold()
        return all(word in hay for word in self.text.casefold().split())


@dataclass(frozen=True)
class Line:
    """A line of the table: a run, or several that differ in their seeds alone.

    Attributes:
        key: the run's id, or names the group.
        rows: the run, or those of the group.
        label: of a group.
        depth: 1 for a run that stands under its group.
        folded: of a group: its runs are not shown.
    """

    key: str
    rows: tuple[RunRow, ...]
    label: str = ""
    depth: int = 0
    folded: bool = False

    @property
    def is_group(self) -> bool:
        """It stands for several runs."""
        return bool(self.label)

    @property
    def title(self) -> str:
        """What it is called: a group's label, the name that somebody gave the run, or what it is in its study."""
        return self.label or run_title(self.first)

    @property
    def first(self) -> RunRow:
        """The run, or the first of the group."""
        return self.rows[0]

    @property
    def pinned(self) -> bool:
        """It, or one of it, is pinned."""
        return any(row.info.pinned for row in self.rows)

    @property
    def separate(self) -> bool:
        """It stands for the single-task networks of a study together."""
        return self.is_group and bool(self.first.alone)


@dataclass(frozen=True)
class Order:
    """By which column the lines stand; equal ones, and lines without a value, newest first."""

    column: str = ""
    descending: bool = True


@dataclass(frozen=True)
class Cell:
    """What stands in a cell: the words, its lesser part (`± 0.02`), what it is sorted by (None: last)."""

    text: str
    lesser: str = ""
    value: Any = None
    tip: str = field(default="", compare=False)


def lines_of(
    rows: Iterable[RunRow], wanted: Filter, order: Order, unfolded: Collection[str], convention: str = PER_TASK,
    grouped: bool = True,
) -> list[Line]:  # fmt: skip
    """The lines in order: pinned ones on top, runs under their group where it is unfolded.

    Args:
        rows: the runs, newest first.
        unfolded: keys of the groups whose runs are shown.
        convention: of Δm.
        grouped: whether seeds are gathered at all.
    """
    taken = [row for row in rows if wanted.takes(row)]
    tops = _gathered(taken) if grouped else [Line(row.run.id, (row,)) for row in taken]
    found = []
    for line in _ordered(tops, order, convention):
        folded = line.is_group and line.key not in unfolded
        found.append(replace(line, folded=folded))
        if line.is_group and not folded:
            below = [Line(row.run.id, (row,), depth=1) for row in line.rows]
            found.extend(_ordered(below, order, convention))
    return found


def cell(line: Line, column: str, convention: str = PER_TASK) -> Cell:
    """What a line says in a column."""
    if column.startswith(TASK):
        return _metric(line, column.removeprefix(TASK))
    if column == DELTA:
        return _delta(line, convention)
    if column in (PARAMETERS, TIME, EPOCHS):
        return _cost(line, column)
    return _words(line, column)


def _words(line: Line, column: str) -> Cell:
    info = line.first.info
    if column == NAME:
        return Cell(line.title, _count(line), line.title, _name_tip(line))
    if column == STATUS:
        told = {status_words(row.info.status) for row in line.rows}
        return Cell(" / ".join(sorted(told)), "", " ".join(sorted(told)))
    if column == NETWORK:
        separate = ntr("{n} single-task network", "{n} single-task networks", len(_tasks_alone(line)))
        return _plain(separate if line.separate else line.first.sharing)
    if column == BALANCE:
        return _plain("—" if line.separate else line.first.balance)
    if column == TAGS:
        return _plain(", ".join(dict.fromkeys(tag for row in line.rows for tag in row.info.tags)))
    note = "" if line.is_group else " ".join(info.note.split())
    return Cell(note, "", note or None, info.note)


def _metric(line: Line, task: str) -> Cell:
    found = spread([row.metrics.get(task) for row in line.rows])
    if found is None:
        return Cell("—")
    lesser = "" if found.sd is None else f"± {found.sd:.3f}"
    return Cell(f"{found.mean:.3f}", lesser, found.mean)


def _delta(line: Line, convention: str) -> Cell:
    if line.separate:
        return Cell("0", "", 0.0, tr("The baselines themselves."))
    found = spread([row.delta(convention) for row in line.rows])
    if found is None:
        return Cell("—", tip=line.first.entry.note)
    text = f"{found.mean:+.1f} %".replace("-", "−")
    lesser = "" if found.sd is None else f"± {found.sd:.1f}"
    return Cell(text, lesser, found.mean, _delta_tip(line))


def _delta_tip(line: Line) -> str:
    entry = line.first.entry
    words = tr("Δm over the baselines of {study}; higher is better.", study=entry.baselines)
    unlike = ", ".join(entry.unlike_baselines)
    return f"{words}\n{tr('unlike the baselines: {fields}', fields=unlike)}" if unlike else words


def _cost(line: Line, column: str) -> Cell:
    if column == PARAMETERS:
        count = _together(line, [row.summary.parameters or None for row in line.rows])
        return Cell("—") if count is None else Cell(f"{count.mean / 1e6:.2f} M", "", count.mean)
    if column == TIME:
        time = _together(line, [row.summary.seconds for row in line.rows])
        return Cell("—") if time is None else Cell(duration(time.mean), "", time.mean)
    done = {(row.summary.epochs, row.spec.training.epochs) for row in line.rows}
    if len(done) > 1:
        epochs = spread([row.summary.epochs for row in line.rows])
        return Cell("—") if epochs is None else Cell(f"{epochs.mean:.0f}", "", epochs.mean)
    epoch, total = done.pop()
    return Cell(f"{epoch}/{total}", "", epoch)


def _together(line: Line, values: Sequence[float | None]) -> Spread | None:
    """The mean over seeds; of single-task networks the sum over their tasks of it."""
    if not line.separate:
        return spread(values)
    by_task: dict[str, list[float | None]] = {}
    for row, value in zip(line.rows, values, strict=True):
        by_task.setdefault(row.alone, []).append(value)
    means = [spread(found) for found in by_task.values()]
    known = [one for one in means if one is not None]
    return Spread(sum(one.mean for one in known), None, min(one.n for one in known)) if known else None


def _plain(text: str) -> Cell:
    return Cell(text, "", text or None)


def _count(line: Line) -> str:
    if not line.is_group:
        return ""
    seeds = len({row.info.seed for row in line.rows})
    return ntr("{n} seed", "{n} seeds", seeds)


def _name_tip(line: Line) -> str:
    info, summary = line.first.info, line.first.summary
    parts = [summary.failure, info.note, line.first.entry.note]
    steered = max(row.summary.steered for row in line.rows)
    if steered:
        parts.append(ntr("λ was changed by hand {n} time while it trained.",
                         "λ was changed by hand {n} times while it trained.", steered))  # fmt: skip
    restated = max(row.summary.restated for row in line.rows)
    if restated:
        parts.append(ntr("A task was muted, frozen or trained again by hand {n} time.",
                         "Tasks were muted, frozen or trained again by hand {n} times.", restated))  # fmt: skip
    if summary.stages:
        parts.append(ntr("Trained in {n} stage.", "Trained in {n} stages.", summary.stages))
    return "\n".join([line.title, *(part for part in parts if part)])


def _gathered(rows: Sequence[RunRow]) -> list[Line]:
    """Runs of a study that differ in their seeds alone become one line, and all of its single-task networks one; where
    there is but one seed, it stands for itself. A line has the place of its newest run."""
    groups: dict[str, list[RunRow]] = {}
    for row in rows:
        groups.setdefault(_group_key(row), []).append(row)
    found = []
    for key, members in groups.items():
        if len(members) < 2:
            found.append(Line(members[0].run.id, (members[0],)))
        else:
            found.append(Line(key, tuple(members), _group_label(members[0])))
    return found


def _group_key(row: RunRow) -> str:
    told = row.info.study
    if not told:
        return row.run.id
    if row.alone:
        return f"{row.study}|alone"
    changes = ",".join(f"{field}={value}" for field, value in told.get("changes", {}).items())
    return f"{row.study}|{told.get('role')}|{changes}"


def _group_label(row: RunRow) -> str:
    if row.alone:
        return f"{row.study} · {tr('separate networks')}"
    return f"{row.study} · {_role_words(row)}"


def run_title(row: RunRow) -> str:
    """The name that somebody gave a run; else its part in its study: `sweep-001 · batch_size=8 · seed 0`."""
    if row.info.name != f"{row.study} {row.info.study.get('member')}":
        return row.info.name
    return f"{row.study} · {_role_words(row)} · {tr('seed {seed}', seed=row.info.seed)}"


def _role_words(row: RunRow) -> str:
    changes = row.info.study.get("changes", {})
    label = ", ".join(
        row.balance if field == METHOD_FIELD else f"{field_name(row.spec, field)}={value}"
        for field, value in changes.items()
    )
    return member_words(row.spec, str(row.info.study.get("role")), label)


def _tasks_alone(line: Line) -> set[str]:
    return {row.alone for row in line.rows}


def _ordered(lines: Sequence[Line], order: Order, convention: str) -> list[Line]:
    """Stable: what is equal, or says nothing, keeps its place (newest first)."""
    found = list(lines)
    if order.column:
        cells = {line.key: cell(line, order.column, convention) for line in found}
        known = [line for line in found if cells[line.key].value is not None]
        rest = [line for line in found if cells[line.key].value is None]
        known.sort(key=lambda line: _sortable(cells[line.key].value), reverse=order.descending)
        found = [*known, *rest]
    elif not order.descending:
        found.reverse()
    return sorted(found, key=lambda line: not line.pinned)


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
