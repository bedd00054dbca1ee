"""Keeps reports on data in the cache folder, so that a large folder is looked at once, not at every opening."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import read_json, write_atomic
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.base.places import cache_folder
from mtlstudio.base.texts import language
from mtlstudio.data.census import Census
from mtlstudio.project.problems import Place, Problem, Severity, declared
from mtlstudio.project.spec import ProjectSpec

if TYPE_CHECKING:
    from mtlstudio.data.project import ProjectData

VERSION = 1
"""Of what is kept. Whoever changes how data are looked at raises it."""
_MOST = 40


def cache_file(data: ProjectData, spec: ProjectSpec) -> Path:
    """Where the report on these data, as they are now, is kept."""
    tasks = [(task.id, task.name, task.type, sorted(task.parameters.items())) for task in spec.tasks]
    paths = [dataset.path for dataset in spec.datasets]
    words = repr((VERSION, language(), data.fingerprint(), data.stamp(), paths, tasks))
    return cache_folder() / "reports" / f"{hashlib.blake2b(words.encode(), digest_size=16).hexdigest()}.json"


def fetch(path: Path) -> dict[str, Any] | None:
    """What is kept there, None where nothing (usable) is."""
    if not path.exists():
        return None
    try:
        kept = read_json(path)
        return {
            "census": Census(
                tuple((width, height) for width, height in kept["sizes"]),
                tuple((file, why) for file, why in kept["unreadable"]),
                tuple(_problem(values) for values in kept["pictures"]),
            ),
            "balance": {task: dict(balance) for task, balance in kept["balance"].items()},
            "targets": tuple(_problem(values) for values in kept["targets"]),
        }
    except (StudioError, KeyError, TypeError, ValueError, AttributeError):
        return None


def keep(path: Path, census: Census, balance: dict[str, Any], targets: tuple[Problem, ...]) -> None:
    """Keeps what was found; a cache folder that cannot be written is done without.

    Args:
        balance: task id -> split -> balance.
        targets: findings about targets that cannot be read.
    """
    values = {
        "sizes": census.sizes, "unreadable": census.unreadable, "pictures": [_plain(p) for p in census.findings],
        "balance": balance, "targets": [_plain(problem) for problem in targets],
    }  # fmt: skip
    with contextlib.suppress(OSError, StudioError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(values, ensure_ascii=False, allow_nan=False))
        files = sorted(path.parent.glob("*.json"), key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST]:
            file.unlink()


def _plain(problem: Problem) -> dict[str, Any]:
    place = [problem.place.kind, problem.place.id, problem.place.field]
    return {"code": problem.code, "severity": str(problem.severity), "place": place, "values": dict(problem.values)}


def _problem(values: dict[str, Any]) -> Problem:
    if values["code"] not in declared():
        raise ValueError(values["code"])
    return Problem(values["code"], Severity(values["severity"]), Place(*values["place"]), FrozenDict(values["values"]))
