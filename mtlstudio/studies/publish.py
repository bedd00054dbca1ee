"""Writes what a study found beside its plan: `answer.json`, and for baselines `report.html` and `report.csv`."""

from __future__ import annotations

import json
import math
from typing import Any

from mtlstudio.base.files import write_atomic
from mtlstudio.base.texts import language
from mtlstudio.studies.answer import Answer
from mtlstudio.studies.estimates import DRAWS
from mtlstudio.studies.folder import ANSWER_FILE, StudyFolder
from mtlstudio.studies.reckon import reckon
from mtlstudio.studies.report import html, table
from mtlstudio.studies.words import answer_json

HTML_FILE, CSV_FILE = "report.html", "report.csv"


def publish(folder: StudyFolder, draws: int = DRAWS) -> Answer:
    """Reckons the answer of a study of baselines anew and writes it down, in the language of the moment.

    Raises:
        StudioError: nothing of it is measured yet, or the system refused.
    """
    answer = reckon(folder, draws)
    document = {"language": language(), **finite(answer_json(answer))}
    write_atomic(folder.path / ANSWER_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    write_atomic(folder.path / HTML_FILE, html(answer))
    write_atomic(folder.path / CSV_FILE, table(answer))
    return answer


def current_answer(folder: StudyFolder, draws: int = DRAWS) -> dict[str, Any]:
    """The answer as it is written down; reckoned and written anew where more was measured since, where runs are gone or
    come back, or where it stands there in another language.

    Raises:
        StudioError: nothing of it is measured yet, or the system refused.
    """
    written = folder.answer()
    if written is not None and _is_fresh(folder, written):
        return written
    publish(folder, draws)
    found = folder.answer()
    assert found is not None  # it was written just now
    return found


def _is_fresh(folder: StudyFolder, written: dict[str, Any]) -> bool:
    if written.get("language") != language():
        return False
    if written.get("runs") != {s.member.id: s.run.id for s in folder.states() if s.run is not None}:
        return False
    at = (folder.path / ANSWER_FILE).stat().st_mtime_ns
    return all(path.stat().st_mtime_ns <= at for path in (folder.path / "measured").glob("*.json"))


def finite(value: Any) -> Any:
    """The same with None for numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value
