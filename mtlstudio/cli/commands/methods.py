"""`mtlstudio methods`: the ways to balance the tasks."""

from __future__ import annotations

from collections.abc import Sequence

from mtlstudio.base.texts import mark
from mtlstudio.cli.listing import Choice, Listing
from mtlstudio.training.balancing import BalancingMethod
from mtlstudio.training.methods import balancing_methods


class _Methods(Listing):
    id = "methods"
    summary = mark("list the balancing methods")

    def hindrance(self, choice: Choice) -> str:
        return choice.lacks() if isinstance(choice, BalancingMethod) else ""

    def choices(self) -> Sequence[Choice]:
        return balancing_methods()


COMMAND = _Methods()
