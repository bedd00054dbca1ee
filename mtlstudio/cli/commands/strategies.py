"""`mtlstudio strategies`: the ready-made plans of stages."""

from __future__ import annotations

from collections.abc import Sequence

from mtlstudio.base.texts import mark
from mtlstudio.cli.listing import Choice, Listing
from mtlstudio.training.strategies import strategies


class _Strategies(Listing):
    id = "strategies"
    summary = mark("list the strategies: plans of stages, for --set training.strategy=ID")

    def choices(self) -> Sequence[Choice]:
        return strategies()


COMMAND = _Strategies()
