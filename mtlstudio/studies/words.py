"""The answer in words: figures as people write them, verdicts as sentences."""

from __future__ import annotations

import math
from typing import Any

from mtlstudio.base.texts import mark, tr
from mtlstudio.runs.statistics import Spread
from mtlstudio.studies.answer import Answer, TaskAnswer, Verdict, counts_of
from mtlstudio.studies.estimates import Estimate

VERDICTS = {
    Verdict.HELPS: mark("helps"),
    Verdict.HURTS: mark("hurts: train separately"),
    Verdict.SAME: mark("not distinguishable"),
    Verdict.UNKNOWN: mark("unknown"),
}
PER_TASK = mark("Δm per task: the mean over tasks of each one's mean gain over its metrics; higher is better")
PER_METRIC = mark("Δm per metric: the mean gain over all metrics of all tasks; higher is better")


def number(value: float | None) -> str:
    """Four digits that count: `0.8462`, `12.35`, `1235`."""
    if value is None or not math.isfinite(value):
        return "—"
    digits = 4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0
    return f"{value:.{digits}f}"


def mean_sd(found: Spread | None, unit: str = "") -> str:
    """`0.8462 ± 0.0121`, without the SD where there is one value."""
    if found is None:
        return "—"
    text = number(found.mean) if found.sd is None else f"{number(found.mean)} ± {number(found.sd)}"
    return f"{text} {unit}".rstrip()


def percent(value: float | None) -> str:
    """`+2.6 %`, `−0.9 %`."""
    if value is None or not math.isfinite(value):
        return "—"
    return f"{value:+.1f} %".replace("-", "−")


def percent_sd(found: Estimate | None) -> str:
    """`+2.6 % ± 0.8`."""
    if found is None:
        return "—"
    return percent(found.value) if found.sd is None else f"{percent(found.value)} ± {found.sd:.1f}"


def between(found: Estimate | None, as_percent: bool = True) -> str:
    """`−0.4 % … +5.1 %`."""
    if found is None or found.interval is None:
        return "—"
    say = percent if as_percent else lambda value: f"{value:+.4f}".replace("-", "−")
    return f"{say(found.interval.low)} … {say(found.interval.high)}"


def task_sentence(task: TaskAnswer) -> str:
    """The verdict on one task, with its figures."""
    main = task.main
    values = {
        "task": task.name, "metric": tr(main.name), "alone": mean_sd(main.alone, main.unit),
        "shared": mean_sd(main.shared, main.unit), "interval": between(main.difference, as_percent=False),
    }  # fmt: skip
    if task.verdict is Verdict.UNKNOWN:
        return tr("{task}: nothing can be said: {reason}.", task=task.name, reason=task.reason.rstrip("."))
    if task.verdict is Verdict.HELPS:
        return tr("{task}: sharing helps. {metric} {alone} alone, {shared} shared; difference {interval}.", **values)
    if task.verdict is Verdict.HURTS:
        return tr(
            "{task}: sharing hurts: train it separately. {metric} {alone} alone, {shared} shared; difference {interval}.",
            **values,
        )
    return tr("{task}: not distinguishable. {metric} {alone} alone, {shared} shared; difference {interval}.", **values)


def headline(answer: Answer) -> str:
    """The whole answer in a sentence or two."""
    counts = counts_of(answer.tasks)
    parts = []
    for verdict, sentence in (
        (Verdict.HELPS, mark("Sharing helps {tasks}.")),
        (Verdict.HURTS, mark("Sharing hurts {tasks}: train separately.")),
        (Verdict.SAME, mark("Not distinguishable: {tasks}.")),
        (Verdict.UNKNOWN, mark("Nothing can be said of {tasks}.")),
    ):
        if counts[verdict]:
            parts.append(tr(sentence, tasks=", ".join(task.name for task in counts[verdict])))
    return " ".join(parts)


def method_line(answer: Answer) -> str:
    """How the intervals were made."""
    return tr(
        "Differences are shared − alone, turned so that above 0 is better; intervals of {level} % from {draws} paired "
        "bootstrap draws over the {pictures} pictures of the split {split}, with the scatter between seeds; best epochs "
        "chosen on validation.",
        level=round(100 * answer.level), draws=answer.draws, pictures=answer.pictures, split=answer.split,
    )  # fmt: skip


def environment_line(answer: Answer) -> str:
    """Seeds, versions, threads, device, fingerprint of the data, in one line."""
    labels = {
        "seeds": tr("seeds"), "threads": tr("threads"), "device": tr("device"), "precision": tr("precision"),
        "platform": tr("platform"), "fingerprint": tr("data"),
    }  # fmt: skip
    return " · ".join(
        f"{labels.get(name, name)} {', '.join(values)}" for name, values in answer.environment.items() if values
    )


def answer_json(answer: Answer) -> dict[str, Any]:
    """The answer with its sentences, for `--json`."""
    document = answer.as_json()
    for task in answer.tasks:
        document["tasks"][task.id]["sentence"] = task_sentence(task)
    document["delta_m"]["conventions"] = {"per_task": tr(PER_TASK), "per_metric": tr(PER_METRIC)}
    return {"headline": headline(answer), **document, "method": method_line(answer)}
