"""Balancing methods in words and figures: their groups, what they need, what they cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtlstudio.base.texts import mark, tr
from mtlstudio.training.balancing import BalancingMethod
from mtlstudio.training.costs import REFERENCE, MethodCost
from mtlstudio.ui.train.words import DASH, clock

SIMPLE, LEARNED, GRADIENTS = "simple", "losses", "gradients"
GROUPS = {
    SIMPLE: mark("Fixed and simple"),
    LEARNED: mark("Learned from the losses"),
    GRADIENTS: mark("On the gradients"),
}
COLUMNS = (mark("Method"), mark("One step"), mark("× equal"), mark("Memory"), mark("Whole run"))
COLUMN_TIPS = (
    "",
    mark("Time of one step with its batch at hand"),
    mark("Time of a step over that with equal weights"),
    mark("More than with equal weights"),
    mark("All steps with the loading of their batches; validation is left out"),
)


def group_of(method: BalancingMethod) -> str:
    """The group that a method is shown in."""
    if method.works_on == "gradients":
        return GRADIENTS
    return SIMPLE if method.simple else LEARNED


def search(methods: Sequence[BalancingMethod], text: str) -> list[BalancingMethod]:
    """The methods in whose name, summary, paper or id all words occur."""
    words = text.casefold().split()
    return [method for method in methods if all(word in _everything(method) for word in words)]


def is_baseline(method: BalancingMethod) -> bool:
    """The one that others have to beat: fixed, equal weights."""
    return method.id == REFERENCE


def shown_name(method: BalancingMethod) -> str:
    """Its name in the list."""
    return tr("{method} · strong baseline", method=tr(method.name)) if is_baseline(method) else tr(method.name)


def step_time(seconds: float) -> str:
    """`0.8 ms`, `12 ms`, `1.4 s`."""
    if seconds >= 1:
        return tr("{n} s", n=f"{seconds:.1f}")
    return tr("{n} ms", n=f"{1000 * seconds:.1f}" if seconds < 0.01 else f"{1000 * seconds:.0f}")


def ratio_words(ratio: float) -> str:
    """`1.74`."""
    return f"{ratio:.2f}"


def memory_words(size: int) -> str:
    """`0`, `4.2 MB`, `1.2 GB`; what saves memory has a minus."""
    sign, size = ("−" if size < 0 else ""), abs(size)
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= 0.9995 * factor:
            return f"{sign}{size / factor:.3g} {unit}"
    return "0" if size == 0 else f"{sign}{size} B"


def run_words(seconds: float) -> str:
    """`0:40`, `1:02:03`."""
    return "< 0:01" if seconds < 0.5 else clock(seconds)


def cost_cells(cost: MethodCost | None) -> tuple[str, str, str, str]:
    """The figures of a line after the name; an estimate has `≈` before it, what is not known is a dash."""
    if cost is None or cost.failure:
        return DASH, DASH, DASH, DASH
    about, peak = ("" if cost.measured else "≈ "), ("" if cost.peak else "≈ ")
    return (
        DASH if cost.seconds is None else about + step_time(cost.seconds),
        DASH if not math.isfinite(cost.ratio) else about + ratio_words(cost.ratio),
        (peak if cost.memory else "") + memory_words(cost.memory),
        DASH if cost.run_seconds is None else about + run_words(cost.run_seconds),
    )  # fmt: skip


def facts(method: BalancingMethod, tasks: int) -> list[tuple[str, str]]:
    """What there is to know of a method besides its summary."""
    on = tr("gradients") if method.works_on == "gradients" else tr("losses")
    found = [
        (tr("Looks at"), tr("neither") if method.simple else on),
        (tr("λ counts"), tr("yes") if method.uses_weights else tr("no")),
        (tr("Needs"), ", ".join(method.needs) if method.needs else tr("nothing more")),
    ]
    if method.works_on == "gradients":
        found.insert(1, (tr("Trunk backward"), tr("{n} × a step", n=tasks)))
    return found


def advice(method: BalancingMethod) -> str:
    """What to keep in mind; "" for most."""
    if is_baseline(method):
        return tr(
            "Fixed, equal weights are hard to beat: compare any other method with them, over several seeds. Rankings"
            " of methods are noisy."
        )
    return ""


def _everything(method: BalancingMethod) -> str:
    parts = (method.id, method.name, method.summary, method.source, tr(method.name), tr(method.summary))
    return " ".join((*parts, tr(GROUPS[group_of(method)]))).casefold()
