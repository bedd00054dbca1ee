"""Writes what a study found beside its plan: `answer.json`, and for baselines `report.html` and `report.csv`."""

from __future__ import annotations

import json
import math
from typing import Any

from mtlstudio.base.files import write_atomic
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
    document = finite(answer_json(answer))
    write_atomic(folder.path / ANSWER_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    write_atomic(folder.path / HTML_FILE, html(answer))
    write_atomic(folder.path / CSV_FILE, table(answer))
    return answer


def finite(value: Any) -> Any:
    """The same with None for numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    return [finite(item) for item in value] if isinstance(value, list | tuple) else value
