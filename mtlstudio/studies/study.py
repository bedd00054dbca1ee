"""What a study is: a plan of runs, as data. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.texts import mark
from mtlstudio.project.codec import from_json, to_json
from mtlstudio.project.spec import ProjectSpec

FORMAT = "mtlstudio-study"
VERSION = 1
BASELINES, SWEEP, SEEDS = "baselines", "sweep", "seeds"
SHARED, ALONE, POINT = "shared", "alone", "point"

Change = tuple[str, str]
"""A field by its path, and what a person typed for it."""


@dataclass(frozen=True)
class Member:
    """One run of a study, planned or done.

    Attributes:
        id: unique in the study.
        role: `shared`, the network as it is; `alone:<task id>`, that task's own way through it; `point` of a sweep.
        seed: of start weights, order and augmentation.
        changes: of a point, what it sets.
    """

    id: str
    role: str
    seed: int
    changes: tuple[Change, ...] = ()

    @property
    def task(self) -> str:
        """Id of the task that is trained alone, or ""."""
        kind, _, task = self.role.partition(":")
        return task if kind == ALONE else ""

    @property
    def label(self) -> str:
        """Its role, or what the point sets, in a line."""
        return ", ".join(f"{field}={value}" for field, value in self.changes) or self.role


@dataclass(frozen=True)
class Study:
    """A plan.

    Attributes:
        kind: baselines, sweep or seeds.
        project: the snapshot that all members are made of.
        fingerprint: of the whole project's data, so that runs of fewer tasks are known to see the same pictures in the
            same splits.
        members: in the order in which they are trained.
    """

    kind: str
    project: ProjectSpec
    fingerprint: str
    members: tuple[Member, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds, each once."""
        return tuple(dict.fromkeys(member.seed for member in self.members))

    @property
    def points(self) -> tuple[tuple[Change, ...], ...]:
        """The points of a sweep, each once; one without changes elsewhere."""
        return tuple(dict.fromkeys(member.changes for member in self.members))

    def of_role(self, role: str) -> tuple[Member, ...]:
        """The members of a role, in the order of their seeds."""
        return tuple(member for member in self.members if member.role == role)

    def member(self, member_id: str) -> Member:
        """The member of that id. Raises KeyError where there is none."""
        for member in self.members:
            if member.id == member_id:
                return member
        raise KeyError(member_id)


def alone(task_id: str) -> str:
    """The role of a task that is trained alone."""
    return f"{ALONE}:{task_id}"


def study_to_json(study: Study) -> dict[str, Any]:
    """The plan as JSON values."""
    return {
        "format": FORMAT, "version": VERSION, "kind": study.kind, "fingerprint": study.fingerprint,
        "members": [{**asdict(member), "changes": [list(change) for change in member.changes]} for member in study.members],
        "project": to_json(study.project),
    }  # fmt: skip


def study_from_json(values: Any, where: str) -> Study:
    """The plan that JSON values hold.

    Raises:
        StudioError: they are no study, damaged, or of a newer version.
    """
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise StudioError(mark("this is not the file of a study"), where=where)
    if not isinstance(values.get("version"), int) or values["version"] > VERSION:
        raise StudioError(
            mark("this study was made by a newer version of the program"), where=where, fix=mark("Update the program.")
        )
    try:
        members = tuple(
            Member(
                str(one["id"]), str(one["role"]), int(one["seed"]), tuple((str(k), str(v)) for k, v in one["changes"])
            )
            for one in values["members"]
        )
        project = from_json(values["project"], where=where)
        for member in members:
            if member.task and member.task not in project.task_ids:
                raise ValueError(f"{member.id}: {member.task}")
        return Study(str(values["kind"]), project, str(values["fingerprint"]), members)
    except (KeyError, TypeError, ValueError) as error:
        raise StudioError(mark("damaged: {reason}"), where=where, reason=repr(error)) from error
