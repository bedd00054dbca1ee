"""`mtlstudio methods`: the ways to balance the tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mtlstudio.base.texts import mark, tr
from mtlstudio.cli.listing import Choice, Listing
from mtlstudio.training.balancing import BalancingMethod
from mtlstudio.training.methods import balancing_methods


class _Methods(Listing):
    id = "methods"
    summary = mark("list the balancing methods: what each does, looks at, and which paper it is from")

    def hindrance(self, choice: Choice) -> str:
        return choice.lacks() if isinstance(choice, BalancingMethod) else ""

    def choices(self) -> Sequence[Choice]:
        return balancing_methods()

    def details(self, choice: Choice) -> dict[str, Any]:
        assert isinstance(choice, BalancingMethod)
        parameters = {
            item.name: {"kind": item.kind, "default": item.default, "label": tr(item.label)}
            for item in choice.parameters
        }
        return {"works_on": choice.works_on, "uses_weights": choice.uses_weights, "parameters": parameters}

    def columns(self) -> dict[str, Callable[[Any], str]]:
        return {
            tr("Works on"): lambda method: tr("gradients") if method.works_on == "gradients" else tr("losses"),
            tr("λ counts"): lambda method: tr("yes") if method.uses_weights else tr("no"),
            tr("Source"): lambda method: method.source,
        }

    def closing(self) -> str:
        return tr(
            "To train with one: mtlstudio train DIR --set training.balancing.method=ID; what its parameters are called"
            " tells --json: --set training.balancing.NAME=VALUE."
        )


COMMAND = _Methods()
