"""What is said of the agreement of tasks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from mtlstudio.base.texts import ntr, tr
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.runs.affinity import SOURCE, Affinity, Grouping
from mtlstudio.runs.interactions import ALL, Estimate, Interactions
from mtlstudio.runs.proposals import SplitProposal
from mtlstudio.ui.train.matrix import signed

RECENT = 10
"""Figures shown are means of the newest measurements, as many at most."""


def layer_name(spec: ProjectSpec, layer: str) -> str:
    """A layer's name; "all shared layers" for `ALL`, the id of one that is gone."""
    if layer == ALL:
        return tr("all shared layers")
    return next((item.name for item in spec.network.layers if item.id == layer), layer)


def task_names(spec: ProjectSpec, tasks: Iterable[str]) -> str:
    """`Species + Breed`."""
    names = {task.id: task.name for task in spec.tasks}
    return " + ".join(names.get(task, task) for task in tasks)


def estimate_words(found: Estimate) -> str:
    """`−0.21 ± 0.03 in 12 measurements`; without an error where there is only one."""
    number = signed(found.mean)
    if math.isfinite(found.error):
        number = f"{number} ± {found.error:.2f}"
    return ntr("{number} in {n} measurement", "{number} in {n} measurements", found.count, number=number)


def pair_tip(spec: ProjectSpec, found: Interactions, layer: str, first: str, second: str) -> str:
    """What a cell of the matrix of cosines says."""
    values = {
        "first": task_names(spec, (first,)),
        "second": task_names(spec, (second,)),
        "layer": layer_name(spec, layer),
    }
    if first == second:
        return ""
    estimate = found.estimate(layer, first, second, RECENT)
    if not estimate.count:
        return tr("{first} and {second} were not measured together in {layer}", **values)
    return tr(
        "{first} and {second} in {layer}: cosine {figures} (mean ± standard error of the newest)",
        figures=estimate_words(estimate), **values,
    )  # fmt: skip


def affinity_tip(spec: ProjectSpec, found: Affinity, row: int, column: int) -> str:
    """What a cell of the affinity says."""
    count = int(found.count[row, column])
    if row == column or not count:
        return ""
    share, raw = float(found.helped[row, column]), float(found.raw[row, column])
    values = {
        "first": task_names(spec, (found.tasks[row],)), "second": task_names(spec, (found.tasks[column],)),
        "raw": f"{raw:+.2%}".replace("-", "−"),
    }  # fmt: skip
    if math.isfinite(share):
        words = tr(
            "A step for {first} changes {second} by {share} of what its own step does (Z = {raw})",
            share=f"{share:+.0%}".replace("-", "−"), **values,
        )  # fmt: skip
    else:
        words = tr("Steps of its own do not help {second} either (Z = {raw})", **values)
    return f"{words} · {ntr('{n} measurement', '{n} measurements', count)}"


def proposal_words(spec: ProjectSpec, proposal: SplitProposal) -> tuple[str, str]:
    """Title and text of a proposed split."""
    because = proposal.because
    title = tr(
        "{first} and {second} pull apart",
        first=task_names(spec, (because.first,)), second=task_names(spec, (because.second,)),
    )  # fmt: skip
    found = tr(
        "In {layer} since epoch {epoch}: cosine {figures}.",
        layer=layer_name(spec, because.layer), epoch=because.since_epoch, figures=estimate_words(because.cosine),
    )  # fmt: skip
    return title, f"{found} {question(spec, proposal)}"


def question(spec: ProjectSpec, proposal: SplitProposal) -> str:
    """`Give Breed its own Stage 4?`"""
    values = {"tasks": task_names(spec, proposal.tasks), "layer": layer_name(spec, proposal.layer)}
    if len(proposal.tasks) == 1:
        return tr("Give {tasks} its own {layer}?", **values)
    return tr("Give {tasks} a {layer} of their own?", **values)


def split_name(spec: ProjectSpec, proposal: SplitProposal) -> str:
    """The step in the Edit menu."""
    return tr("Own {layer} for {tasks}", layer=layer_name(spec, proposal.layer), tasks=task_names(spec, proposal.tasks))


def grouping_words(spec: ProjectSpec, grouping: Grouping) -> tuple[str, str]:
    """Title and text of a proposed grouping."""
    text = tr("Score {score} ({source}).", score=f"{grouping.score:.2f}", source=SOURCE)
    if grouping.hurt:
        text += " " + tr("Still hurt: {tasks}.", tasks=task_names(spec, grouping.hurt))
    if len(grouping.groups) == 1:
        return tr("No task is hurt by the others"), f"{tr('All may go on sharing.')} {text}"
    groups = " | ".join(task_names(spec, group) for group in grouping.groups)
    return ntr("{n} group of tasks", "{n} groups of tasks", len(grouping.groups)), f"{groups}. {text}"


def nothing_yet(spec: ProjectSpec, every: int) -> str:
    """Why there are no figures."""
    if len(spec.tasks) < 2:
        return tr("With a single task nothing is shared.")
    if every == 0:
        return tr("Measuring is switched off: “Measure agreement every … steps” is 0.")
    return ntr(
        "Measured in every step, once two tasks meet in a shared layer.",
        "Measured in every {n}th step, once two tasks meet in a shared layer.",
        every,
    )


def measured_words(count: int) -> str:
    """How many measurements the figures are the mean of."""
    return ntr("mean of the newest measurement", "mean of the {n} newest measurements", min(count, RECENT))


def layer_choices(spec: ProjectSpec, layers: Sequence[str], apart: Iterable[str]) -> list[tuple[str, str]]:
    """(layer id, words) in the order of the network; those where tasks pull apart are marked."""
    marked, known = set(apart), {layer.id: layer.name for layer in spec.network.layers}
    words = [(ALL, tr("All shared layers"))]
    for layer in layers:
        name = known.get(layer, layer)
        words.append((layer, tr("{layer} · conflict", layer=name) if layer in marked else name))
    return words
