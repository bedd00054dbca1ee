"""Pictures with a table of labels: a CSV with a column of file names, CelebA's lists, one-hot tables and the like.

Several tables about the same pictures are joined; a column (or a table's name) may tell the split. See
`mtlstudio.data.columns` for what a column becomes. Empty cells, NaN and infinities are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtlstudio.base.declare import Parameter
from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import slug
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import mark
from mtlstudio.data import findings as f
from mtlstudio.data.columns import Column, split_column, split_word, targets_of, value_of
from mtlstudio.data.filesource import FileSource
from mtlstudio.data.folders import IMAGE_ENDINGS, check_folder, images_below, natural, subfolders
from mtlstudio.data.interface import Layout, Sample, Source, TargetInfo
from mtlstudio.data.namewords import split_of
from mtlstudio.data.tables import Table, read_table, table_files
from mtlstudio.project.problems import Problem, Severity

_QUICK_LINES, _QUICK_ROWS, _MOST_TABLES = 60, 20, 40


class TableLayout(Layout):
    id = "table"
    name = mark("Images and a table")
    summary = mark("A CSV or list with a column of file names and columns of labels or numbers.")
    parameters = (
        Parameter(
            "left_out", "names", (), mark("Columns left out"), mark("Headings of columns that are no targets."),
        ),
        Parameter(
            "minus_one", "choice", "auto", mark("−1 means"),
            mark("Automatic: no where the other value is 1; missing where all other values are 0 or more."),
            choices=FrozenDict(auto=mark("Automatic"), missing=mark("Missing"), value=mark("No, or the number −1")),
        ),
    )  # fmt: skip

    def recognise(self, folder: Path) -> float:
        places = [folder, *subfolders(folder)[:20]]
        places += [inner for place in places[1:] for inner in subfolders(place)[:20]]
        for path in table_files(folder)[:_MOST_TABLES]:
            table = _read(path, _QUICK_LINES)
            if table is not None and any(
                _leads(cells[:_QUICK_ROWS], places) for cells in zip(*table.rows, strict=True)
            ):
                return 0.75
        return 0.0

    def open(self, folder: Path | None, parameters: Mapping[str, Any]) -> Source:
        if folder is None:
            raise StudioError(mark("this data set needs a folder"))
        check_folder(folder)
        joined = _joined(folder)
        left_out = set(parameters.get("left_out", ()))
        told = {name: cells for name, cells in joined.columns.items() if name not in left_out}
        listed = sorted(joined.listed, key=lambda path: natural(path.relative_to(folder).as_posix()))
        columns = {name: [cells.get(path, "") for path in listed] for name, cells in told.items()}
        split = split_column(columns)
        splits = [split_word(cell) for cell in columns.pop(split)] if split else [joined.splits.get(p) for p in listed]
        taken: set[str] = set()
        targets = targets_of(columns, lambda name: _new_id(name, taken))
        if not targets:
            raise StudioError(
                mark("the tables have no column that can be learnt from"), where=str(folder),
                fix=mark("Columns of classes, of yes and no, or of numbers are."),
            )  # fmt: skip
        samples, bad = _samples(folder, listed, splits, columns, targets, str(parameters.get("minus_one", "auto")))
        return FileSource(list(map(_info, targets)), samples, _findings(joined, columns, targets, bad))


@dataclass
class _Joined:
    """All tables about the pictures.

    Attributes:
        columns: heading -> picture -> cell.
        splits: picture -> split that its table's name tells.
        listed: pictures that stand in a table.
        lost, unlisted, repeated: for the findings.
        skipped: lines that could not be read.
    """

    columns: dict[str, dict[Path, str]] = field(default_factory=dict)
    splits: dict[Path, str] = field(default_factory=dict)
    listed: set[Path] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    skipped: int = 0


def _joined(folder: Path) -> _Joined:
    pictures = images_below(folder)
    index = _index(folder, pictures)
    result = _Joined()
    for path in table_files(folder)[:_MOST_TABLES]:
        table = _read(path)
        place = None if table is None else _file_column(table, index)
        if table is not None and place is not None and not _is_of_other_pictures(path, pictures):
            _join(result, table, place, index)
    if not result.columns:
        raise StudioError(
            mark("no table here names the pictures"), where=str(folder),
            fix=mark("A column must hold the pictures' file names."),
        )  # fmt: skip
    result.unlisted = [path.name for path in pictures if path not in result.listed]
    return result


def _join(result: _Joined, table: Table, place: int, index: Mapping[str, Path]) -> None:
    split = split_of([table.path.stem])
    seen: set[Path] = set()
    result.skipped += table.skipped
    for row in table.rows:
        picture = index.get(_bare(row[place]))
        if picture is None:
            result.lost.append(row[place])
        elif picture in seen:
            result.repeated.append(picture.name)
        else:
            seen.add(picture)
            if split is not None:
                result.splits.setdefault(picture, split)
            for number, name in enumerate(table.columns):
                if number != place:
                    result.columns.setdefault(name, {}).setdefault(picture, row[number])
    result.listed |= seen


def _samples(
    folder: Path, listed: Sequence[Path], splits: Sequence[str | None], columns: Mapping[str, Sequence[str]],
    targets: Sequence[Column], minus_one: str,
) -> tuple[list[Sample], dict[str, list[str]]]:  # fmt: skip
    """The samples, and by heading the cells that are not understood."""
    bad: dict[str, list[str]] = {}
    labels: list[dict[str, Any]] = [{} for _ in listed]
    for target in targets:
        rows = zip(*(columns[name] for name in target.columns), strict=True)
        for place, cells in enumerate(rows):
            try:
                value = value_of(target, cells, minus_one)
            except (ValueError, StopIteration):
                bad.setdefault(target.columns[0], []).append(f"{listed[place].name}: {cells[0]}")
                continue
            if value is not None:
                labels[place][target.id] = value
    samples = []
    keys: set[str] = set()
    for path, split, values in zip(listed, splits, labels, strict=True):
        key = path.relative_to(folder).with_suffix("").as_posix()
        key = path.relative_to(folder).as_posix() if key in keys else key
        keys.add(key)
        samples.append(Sample(key, split, path, frozenset(values), FrozenDict(values)))
    return samples, bad


def _info(target: Column) -> TargetInfo:
    parameters: dict[str, Any] = {}
    if target.type == "regression":
        parameters["value_names"] = tuple(name.replace("_", " ") for name in target.columns)
        if target.roles:
            parameters.update(roles=target.roles, units=("px",) * len(target.roles))
    elif target.type == "sequence":
        parameters.update(symbols=target.classes, maximum_length=target.longest)
    else:
        parameters["class_names"] = target.classes
    return TargetInfo(target.id, target.name, target.type, FrozenDict(parameters))


def _findings(
    joined: _Joined, columns: Mapping[str, object], targets: Sequence[Column], bad: Mapping[str, list[str]]
) -> list[Problem]:
    used = {name for target in targets for name in target.columns}
    skipped = [name for name in columns if name not in used]
    result = [
        f.of_names(code, names, severity)
        for code, names, severity in (
            (f.LISTED_MISSING, joined.lost, Severity.WARNING),
            (f.UNLISTED, joined.unlisted, Severity.NOTE),
            (f.REPEATED_ROWS, joined.repeated, Severity.WARNING),
            (f.COLUMNS_SKIPPED, skipped, Severity.NOTE),
        )
        if names
    ]
    if joined.skipped:
        result.append(f.warning(f.LINES_SKIPPED, "dataset", n=joined.skipped, names="…"))
    return result + [f.of_names(f.BAD_CELLS, cells, column=name) for name, cells in bad.items()]


def _read(path: Path, most: int | None = None) -> Table | None:
    try:
        return read_table(path, most)
    except StudioError:
        return None


def _index(folder: Path, pictures: Sequence[Path]) -> dict[str, Path]:
    """Pictures by all that a table may call them: path, file name, name without its ending."""
    found: dict[str, Path] = {}
    for path in pictures:
        inner = path.relative_to(folder)
        for name in (inner.as_posix(), inner.with_suffix("").as_posix(), *(p.as_posix() for p in _tails(inner))):
            found.setdefault(_bare(name), path)
        found.setdefault(_bare(path.stem), path)
    return found


def _tails(path: Path) -> list[Path]:
    return [Path(*path.parts[start:]) for start in range(1, len(path.parts))]


def _bare(name: str) -> str:
    return name.replace("\\", "/").strip().removeprefix("./").lstrip("/").casefold()


def _file_column(table: Table, index: Mapping[str, Path]) -> int | None:
    """The column most of whose first cells name pictures."""
    few = table.rows[:: max(1, len(table.rows) // 50)]
    hits = [sum(_bare(row[place]) in index for row in few) for place in range(len(table.columns))]
    best = max(range(len(hits)), key=lambda place: hits[place])
    return best if 2 * hits[best] >= len(few) else None


def _leads(cells: Sequence[str], places: Sequence[Path]) -> bool:
    """Half of the cells name pictures in these folders."""
    named = [cell for cell in cells if cell and not cell.replace(".", "").replace("-", "").isdigit()] or list(cells)
    return bool(named) and 2 * sum(_is_there(cell, places) for cell in named) >= len(cells)


def _is_there(cell: str, places: Sequence[Path]) -> bool:
    name = cell.replace("\\", "/").lstrip("/")
    if not name or len(name) > 200 or "\0" in name:
        return False
    if Path(name).suffix.lower() in IMAGE_ENDINGS:
        return any((place / name).is_file() for place in places)
    return any((place / f"{name}{ending}").is_file() for place in places for ending in (".jpg", ".png", ".jpeg"))


def _is_of_other_pictures(table: Path, pictures: Sequence[Path]) -> bool:
    """CelebA's face boxes are those of the pictures before they were aligned."""
    return "bbox" in table.stem.lower() and any("align" in part.lower() for part in pictures[0].parts[-3:])


def _new_id(name: str, taken: set[str]) -> str:
    chosen = slug(name, taken)
    taken.add(chosen)
    return chosen


LAYOUT = TableLayout()
