"""What can be noticed about data: the codes with their sentences. `finding` makes a problem of one."""

from __future__ import annotations

from typing import Literal, TypeAlias

from mtlstudio.base.errors import StudioError, as_line
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark, nmark, tr
from mtlstudio.project.problems import Place, Problem, Severity, declare

Kind = Literal["dataset", "task", "file", "data"]
Value: TypeAlias = str | int | float

DATASET_CLOSED = declare("data.dataset_closed", mark("the data set cannot be opened: {reason}"))
TARGET_UNKNOWN = declare(
    "data.target_unknown", mark("the data set has no target {target!r} for the task {task!r}"),
    mark("It has: {known}."),
)  # fmt: skip
TARGET_OTHER_TYPE = declare(
    "data.target_other_type", mark("the target {target!r} is for {found}, the task {task!r} for {expected}")
)
CLASSES_DIFFER = declare(
    "data.classes_differ", mark("the data set has {found} classes for the task {task!r}, the task has {expected}")
)
UNREADABLE = declare("data.unreadable", mark("left out, the picture cannot be read: {reason}"))
TARGET_UNREADABLE = declare("data.target_unreadable", mark("counts as missing for {target}: {reason}"))
INPUT_UNKNOWN = declare(
    "data.input_unknown", mark("the data set has no {target!r} for the input {input!r}"), mark("It has: {known}.")
)
INPUT_NOWHERE = declare(
    "data.input_nowhere", mark("the data set does not say where the input {input!r} comes from"),
    mark("Choose one of its targets for it: {known}."),
)  # fmt: skip
INPUT_MISSING = declare(
    "data.input_missing",
    nmark("{n} picture without {input} is left out: {names}", "{n} pictures without {input} are left out: {names}"),
)
INPUT_UNREADABLE = declare("data.input_unreadable", mark("left out, {input} cannot be read: {reason}"))
UNLISTED = declare(
    "data.unlisted",
    nmark(
        "{n} picture is in no list and is left out: {names}", "{n} pictures are in no list and are left out: {names}"
    ),
)
UNLABELLED = declare(
    "data.unlabelled",
    nmark(
        "{n} picture is in no class folder and is left out: {names}",
        "{n} pictures are in no class folder and are left out: {names}",
    ),
)
LISTED_MISSING = declare(
    "data.listed_missing", nmark("{n} listed picture is missing: {names}", "{n} listed pictures are missing: {names}")
)
LINES_SKIPPED = declare(
    "data.lines_skipped",
    nmark(
        "{n} line is not understood and was left out: {names}",
        "{n} lines are not understood and were left out: {names}",
    ),
)
OTHER_FORMAT = declare(
    "data.other_format",
    nmark(
        "{n} file is really {format}, not what its name says: {names}",
        "{n} files are really {format}, not what their names say: {names}",
    ),
)
STRAY_FILES = declare(
    "data.stray_files",
    nmark("{n} file is no picture and is left out: {names}", "{n} files are no pictures and are left out: {names}"),
)
CLASS_IDS_RENUMBERED = declare("data.class_ids_renumbered", mark("{target}: class ids {found} → {kept}"))
VALUES_RENUMBERED = declare("data.values_renumbered", mark("{target}: mask values {found} → {kept}"))
VALUES_IGNORED = declare("data.values_ignored", mark("{target}: the mask values {values} do not count"))
SEVERAL_BOXES = declare(
    "data.several_boxes",
    nmark(
        "{n} picture has several boxes, the largest counts: {names}",
        "{n} pictures have several boxes, the largest counts: {names}",
    ),
)
BAD_BOXES = declare(
    "data.bad_boxes",
    nmark(
        "{n} box cannot be used and counts as missing: {names}",
        "{n} boxes cannot be used and count as missing: {names}",
    ),
)
BAD_CELLS = declare(
    "data.bad_cells",
    nmark(
        "{column}: {n} cell is not understood and counts as missing: {names}",
        "{column}: {n} cells are not understood and count as missing: {names}",
    ),
)
NO_TASK_TYPE = declare("data.no_task_type", mark("{names}: there is no task type for this yet; it is left out"))
BAD_NAMES = declare(
    "data.bad_names",
    nmark(
        "{n} file name does not tell all its labels; these are missing: {names}",
        "{n} file names do not tell all their labels; these are missing: {names}",
    ),
)
REPEATED_ROWS = declare(
    "data.repeated_rows",
    nmark(
        "{n} picture has several rows, the first counts: {names}",
        "{n} pictures have several rows, the first counts: {names}",
    ),
)
COLUMNS_SKIPPED = declare(
    "data.columns_skipped",
    nmark(
        "{n} column is a key or free text and is left out: {names}",
        "{n} columns are keys or free text and are left out: {names}",
    ),
)
LOST_MASKS = declare(
    "data.lost_masks", nmark("{n} mask belongs to no picture: {names}", "{n} masks belong to no picture: {names}")
)
NO_MASKS_BESIDE = declare(
    "data.no_masks_beside",
    nmark(
        "{n} picture lies in a folder without masks and is left out: {names}",
        "{n} pictures lie in folders without masks and are left out: {names}",
    ),
)
NOT_MASKS = declare(
    "data.not_masks", mark("{target}: what lies there has too many colours to be masks; it is left out")
)
SCANNED_PART = declare("data.scanned_part", mark("{scanned} of {n} masks were looked at to find the classes"))
INSTANCES = declare("data.instances", mark("{target}: the masks number single objects; all of them are one class"))
THRESHOLDED = declare("data.thresholded", mark("{target}: grey masks; from 128 on it is the class 1"))
EMPTY_CLASS = declare("data.empty_class", mark("the class folder {name!r} has no picture"))
EMPTY_SPLIT = declare("data.empty_split", mark("the split {split!r} has no picture"), mark("More pictures are needed."))
TINY_SPLIT = declare(
    "data.tiny_split",
    nmark(
        "the split {split!r} has only {n} picture: its figures say little",
        "the split {split!r} has only {n} pictures: its figures say little",
    ),
)
NO_LABELS = declare("data.no_labels", mark("{task}: no {split} image has one"))
NO_LABELS_AT_ALL = declare(
    "data.no_labels_at_all", mark("{task}: no image has one"), mark("Add labels, or remove the task.")
)
IMBALANCE = declare(
    "data.imbalance", mark("{task}: {common!r} is {ratio} × as frequent as {rare!r}"), mark("Class weights may help.")
)
CLASS_ABSENT = declare("data.class_absent", mark("{task}: no {split} image shows {names}"))

_MOST_NAMES = 5


class InputFault(StudioError):
    """An input beside the picture is missing or cannot be read; `values["input"]` is its name."""


def finding(code: str, severity: Severity, kind: Kind, thing: str = "", **values: Value) -> Problem:
    """A problem of this room: a declared code, how bad, where, the values of its sentence."""
    return Problem(code, severity, Place(kind, thing), FrozenDict(values))


def note(code: str, kind: Kind, thing: str = "", **values: Value) -> Problem:
    """A finding that is only worth knowing."""
    return finding(code, Severity.NOTE, kind, thing, **values)


def warning(code: str, kind: Kind, thing: str = "", **values: Value) -> Problem:
    """A finding that the user should look at."""
    return finding(code, Severity.WARNING, kind, thing, **values)


def of_names(code: str, names: list[str], severity: Severity = Severity.WARNING, **values: Value) -> Problem:
    """A finding about several files or names: how many, and the first few."""
    return finding(code, severity, "dataset", "", n=len(names), names=listed(names), **values)


def listed(names: list[str]) -> str:
    """The first names, with an ellipsis where there are more."""
    return ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")


def reason(error: StudioError) -> str:
    """What an error says, without its place, as a value of a sentence."""
    return as_line("", tr(error.message, **error.values), tr(error.fix, **error.values))


def unreadable(path: object, error: StudioError) -> Problem:
    """The finding about a picture that had to be left out."""
    return warning(UNREADABLE, "file", error.where or str(path), reason=reason(error))


def left_out(path: object, error: StudioError) -> Problem:
    """The finding about a sample that had to be left out: its picture, or an input beside it, cannot be read."""
    if isinstance(error, InputFault):
        return warning(
            INPUT_UNREADABLE, "file", error.where or str(path), input=str(error.values["input"]), reason=reason(error)
        )
    return unreadable(path, error)


def target_unreadable(path: object, target: str, error: StudioError) -> Problem:
    """The finding about a target that had to be taken for missing."""
    return warning(TARGET_UNREADABLE, "file", error.where or str(path), target=target, reason=reason(error))
