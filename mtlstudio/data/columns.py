"""What a table's columns are: the pictures, the split, classes, labels, numbers; and their cells as values."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mtlstudio.base.texts import mark
from mtlstudio.data.folders import natural

MISSING = frozenset(
    {"", "nan", "na", "n/a", "none", "null", "?", "nil", "-", "inf", "-inf", "+inf", "infinity", "-infinity"}
)
SEPARATOR = "|"

_SPLIT_NAMES = ("split", "set", "partition", "subset", "usage", "fold_split", "phase")
_SPLIT_WORDS = {
    "train": "train", "training": "train", "tr": "train", "val": "val", "valid": "val", "validation": "val", "dev": "val",
    "test": "test", "testing": "test", "0": "train", "1": "val", "2": "test",
}  # fmt: skip
_NUMBER_NAMES = (
    "count", "number", "num", "age", "score", "size", "price", "weight", "height", "width", "length", "area", "angle",
    "depth", "rating", "x", "y", "value", "temperature", "speed", "distance", "steering", "year", "bmi",
)  # fmt: skip
_KEY_NAMES = ("id", "index", "idx", "imageid", "unnamed", "unnamed0", "no", "row", "")
_IDENTITIES = ("id", "ids", "identity", "uuid", "hash")
_STRING_NAMES = (
    "text", "texts", "string", "transcription", "transcript", "captcha", "plate", "digits", "characters", "sequence",
    "word", "words",
)  # fmt: skip
_LONGEST_STRING, _MOST_SYMBOLS, _LEAST_STRINGS, _LEAST_USES = 32, 64, 20, 3
_MOST_CLASSES = 500
_MOST_NUMBER_CLASSES = 20
_LABELS_FROM = 3
_POINT = re.compile(r"^(.*?)[_\s]?([xy])(?:[_\s]?(\d*))?$", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A target made of one or several columns.

    Attributes:
        id, name: of the target.
        type: task type.
        columns: headings, in order.
        classes: names of the classes or labels, symbols of strings; of a number none.
        roles: of the numbers, as the regression task has them; empty: plain values.
        missing_below_zero: −1 means unknown.
        longest: symbols of the longest string.
    """

    id: str
    name: str
    type: str
    columns: tuple[str, ...]
    classes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    missing_below_zero: bool = False
    longest: int = 0


def is_missing(cell: str) -> bool:
    """An empty cell, or a word for nothing known."""
    return cell.strip().lower() in MISSING


def number(cell: str) -> float | None:
    """The cell's finite number, None where there is none."""
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def split_column(columns: Mapping[str, Sequence[str]]) -> str | None:
    """The heading of the column that tells the split, None where there is none."""
    for name, cells in columns.items():
        words = {cell.strip().lower() for cell in cells if not is_missing(cell)}
        told = any(re.search(rf"(^|[_\s]){word}$", name.lower()) for word in _SPLIT_NAMES)
        spoken = {word for word in words if not word.isdecimal()}
        if (
            words
            and words <= set(_SPLIT_WORDS)
            and (told or (spoken == words and "train" in words | {"training"} & words))
        ):
            return name
    return None


def split_word(cell: str) -> str | None:
    """train, val or test as a cell says it; CelebA's 0, 1, 2 too."""
    return _SPLIT_WORDS.get(cell.strip().lower())


def targets_of(columns: Mapping[str, Sequence[str]], make_id: Callable[[str], str]) -> list[Column]:
    """The targets that columns (heading -> cells) offer.

    Three columns or more of yes and no (1 and 0, or 1 and −1) are the labels of one multilabel target, or its classes
    where each row has exactly one yes. Pairs of x and y are one regression target. Free text and keys are left out.
    """
    kinds = {name: _kind(name, cells) for name, cells in columns.items()}
    found: list[Column] = []
    flags = [name for name, kind in kinds.items() if kind == "flag"]
    if len(flags) >= _LABELS_FROM:
        one_hot = all(
            sum(number(cell) == 1 for cell in row) == 1 for row in zip(*(columns[n] for n in flags), strict=True)
        )
        kind, name = ("classification", mark("Class")) if one_hot else ("multilabel", mark("Attributes"))
        three = any("0" in map(_plain_number, columns[flag]) for flag in flags)
        found.append(
            Column(make_id(name), name, kind, tuple(flags), tuple(map(_words, flags)), missing_below_zero=three)
        )
    points = [name for name, kind in kinds.items() if kind == "number" and _role(name)]
    if len(points) >= 2 and {_role(name) for name in points} == {"x", "y"}:
        roles = tuple(str(_role(name)) for name in points)
        found.append(Column(make_id("Points"), mark("Points"), "regression", tuple(points), roles=roles))
    else:
        points = []
    for name, kind in kinds.items():
        if name not in points and not (kind == "flag" and len(flags) >= _LABELS_FROM):
            single = _single(name, kind, columns[name], make_id)
            found += [single] if single is not None else []
    return found


def _single(name: str, kind: str, cells: Sequence[str], make_id: Callable[[str], str]) -> Column | None:
    known = [cell.strip() for cell in cells if not is_missing(cell)]
    words = _words(name) or "Label"
    if kind == "number":
        below = _minus_one_is_missing(known)
        return Column(make_id(words), words, "regression", (name,), missing_below_zero=below)
    if kind == "flag":
        three = "0" in map(_plain_number, known)
        return Column(make_id(words), words, "classification", (name,), ("no", "yes"), missing_below_zero=three)
    if kind == "string":
        symbols, longest = tuple(sorted(set("".join(known)))), max(map(len, known))
        return Column(make_id(words), words, "sequence", (name,), symbols, longest=longest)
    if kind == "labels":
        labels = {label.strip() for cell in known for label in cell.split(SEPARATOR)} - {"", "No Finding"}
        return Column(make_id(words), words, "multilabel", (name,), tuple(sorted(labels, key=natural)))
    if kind == "classes":
        below = _minus_one_is_missing(known)
        classes = sorted(set(known) - ({"-1", "-1.0"} if below else set()), key=natural)
        return Column(make_id(words), words, "classification", (name,), tuple(classes), missing_below_zero=below)
    return None


def value_of(column: Column, cells: Sequence[str], minus_one: str = "auto") -> int | str | tuple[float, ...] | None:
    """One row's cells of a column as a raw target: class index, string, labels or numbers (NaN: unknown); None for nothing
    known.

    Args:
        minus_one: what −1 means: `missing`, `value`, or `auto`: as the column says.

    Raises:
        ValueError: a cell is not understood.
    """
    if column.type == "sequence":
        return None if is_missing(cells[0]) else cells[0].strip()
    if column.type == "classification" and len(column.columns) == 1:
        return _class_index(column, cells[0].strip(), minus_one)
    if column.type == "classification":
        return next(index for index, cell in enumerate(cells) if number(cell) == 1)
    if column.type == "multilabel" and len(column.columns) == 1:
        said = set() if is_missing(cells[0]) else {label.strip() for label in cells[0].split(SEPARATOR)}
        return tuple(float(label in said) for label in column.classes) if said else None
    flags = column.type == "multilabel"
    values = tuple(_flag(cell, column, minus_one) if flags else _float(cell, column, minus_one) for cell in cells)
    return None if all(math.isnan(value) for value in values) else values


def _class_index(column: Column, cell: str, minus_one: str) -> int | None:
    if is_missing(cell):
        return None
    if column.classes == ("no", "yes") and number(cell) is not None:
        value = _flag(cell, column, minus_one)
        return None if math.isnan(value) else int(value)
    if number(cell) == -1 and (minus_one == "missing" or (minus_one == "auto" and column.missing_below_zero)):
        return None
    return column.classes.index(cell)


def _flag(cell: str, column: Column, minus_one: str) -> float:
    """1 yes, 0 no, NaN unknown. −1 is no beside 1 alone, and unknown beside 1 and 0."""
    if is_missing(cell):
        return math.nan
    value = number(cell)
    if value == -1:
        unknown = minus_one == "missing" or (minus_one == "auto" and column.missing_below_zero)
        return math.nan if unknown else 0.0
    if value not in (0, 1):
        raise ValueError(cell)
    return float(value)


def _float(cell: str, column: Column, minus_one: str) -> float:
    if is_missing(cell):
        return math.nan
    value = number(cell)
    if value is None:
        raise ValueError(cell)
    unknown = value == -1 and (minus_one == "missing" or (minus_one == "auto" and column.missing_below_zero))
    return math.nan if unknown else value


def _kind(name: str, cells: Sequence[str]) -> str:
    """flag, number, classes, labels, string, or "" for what is no target."""
    known = [cell.strip() for cell in cells if not is_missing(cell)]
    distinct = set(known)
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if len(distinct) < 2 or (plain in _KEY_NAMES and len(distinct) == len(known)):
        return ""
    if _are_strings(name, known):
        return "string"
    numbers = [number(cell) for cell in distinct]
    if all(value is not None for value in numbers):
        values = {value for value in numbers if value is not None}
        if values in ({0.0, 1.0}, {-1.0, 1.0}, {-1.0, 0.0, 1.0}):
            return "flag"
        whole = all(value.is_integer() for value in values) and not any("." in cell for cell in distinct)
        words = set(re.findall(r"[a-z]+", name.lower()))
        if whole and words & set(_IDENTITIES):
            return ""
        few = len(values) <= _MOST_NUMBER_CLASSES and len(known) >= 3 * len(values)
        return "classes" if whole and few and not words & set(_NUMBER_NAMES) else "number"
    if any(SEPARATOR in cell for cell in distinct):
        return "labels"
    most = min(_MOST_CLASSES, len(known) // 2)
    return "classes" if len(distinct) <= max(most, 2 if len(known) < 6 else 0) else ""


def _are_strings(name: str, cells: Sequence[str]) -> bool:
    """Strings that can be read from the pictures: the heading says so, they are of letters and digits, of several
    lengths, mostly different, over few symbols that each occur again and again."""
    if not set(re.findall(r"[a-z]+", name.lower())) & set(_STRING_NAMES) or len(cells) < _LEAST_STRINGS:
        return False
    lengths, uses = set(map(len, cells)), Counter("".join(cells))
    return (
        all(cell.isalnum() for cell in cells)
        and len(lengths) > 1
        and max(lengths) <= _LONGEST_STRING
        and 2 * len(set(cells)) >= len(cells)
        and len(uses) <= _MOST_SYMBOLS
        and sum(uses.values()) >= _LEAST_USES * len(uses)
    )


def _role(name: str) -> str | None:
    match = _POINT.match(name)
    return match[2].lower() if match and (match[1] or match[3]) else None


def _minus_one_is_missing(cells: Sequence[str]) -> bool:
    """−1 among numbers that are otherwise never below zero."""
    values = {number(cell) for cell in cells}
    rest = [value for value in values if value != -1 and value is not None]
    return -1 in values and None not in values and min(rest, default=-1.0) >= 0


def _plain_number(cell: str) -> str:
    value = number(cell)
    return "" if value is None else f"{value:g}"


def _words(name: str) -> str:
    """A heading as words: `Wearing_Hat` → Wearing Hat."""
    return re.sub(r"[_\s]+", " ", name).strip()
