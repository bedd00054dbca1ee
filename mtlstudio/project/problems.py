"""Problems: something wrong, as data. Words are made at the edge, from the code and the values.

Each room declares the sentences of its own codes with `declare`; window and command line show
`problem.text()` and `problem.fix_text()`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mtlstudio.base.errors import StudioError, as_line
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.texts import tr


class Severity(StrEnum):
    """How bad it is: an error prevents training, a warning does not, a note is only worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Place:
    """Where a problem is: `kind` is project, input, dataset, task, task_group, layer, group, connection, data, training
    or file; `id` names the thing, `field` its parameter."""

    kind: str
    id: str = ""
    field: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in (self.kind, self.id, self.field) if part)


@dataclass(frozen=True)
class Problem:
    """Something wrong: a code, the place, the values, how to mend it.

    Attributes:
        code: declared with `declare`.
        values: fill the sentence's named places (texts and numbers only).
        mend: id of an edit that mends it with one click (`mtlstudio.project.mends`), or "".
    """

    code: str
    severity: Severity
    place: Place
    values: FrozenDict = field(default_factory=FrozenDict)
    mend: str = ""

    def text(self) -> str:
        """What is wrong, in the user's language."""
        return tr(_sentences[self.code][0], **self.values)

    def fix_text(self) -> str:
        """How to mend it, in the user's language; may be empty."""
        fix = _sentences[self.code][1]
        return tr(fix, **self.values) if fix else ""

    def line(self) -> str:
        """`place: what. How to mend it.`"""
        return as_line(str(self.place), self.text(), self.fix_text())

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {
            "code": self.code, "severity": str(self.severity), "place": str(self.place), "message": self.text(),
            "fix": self.fix_text(), "values": dict(self.values),
        }  # fmt: skip


class ProjectFileError(StudioError):
    """A project file that cannot be used.

    Attributes:
        problems: all faults that were found, with their places.
        newer: it was made by a newer version of the program: it is not damaged.
    """

    def __init__(self, message: str, /, *, where: str = "", fix: str = "", **values: object) -> None:
        super().__init__(message, where=where, fix=fix, **values)
        problems = values.get("problems", ())
        self.problems: tuple[Problem, ...] = problems if isinstance(problems, tuple) else ()
        self.newer = bool(values.get("newer", False))


_sentences: dict[str, tuple[str, str]] = {}


def declare(code: str, message: str, fix: str = "") -> str:
    """Declares a code with its sentence and its remedy (both marked for translation). Returns the code."""
    _sentences[code] = (message, fix)
    return code


def declared() -> dict[str, tuple[str, str]]:
    """All codes with their sentences (for tests and the manual)."""
    return dict(_sentences)
