"""`mtlstudio templates`: the networks to start from."""

from __future__ import annotations

from collections.abc import Sequence

from mtlstudio.base.texts import mark
from mtlstudio.cli.listing import Choice, Listing
from mtlstudio.network.templates.registry import templates


class _Templates(Listing):
    id = "templates"
    summary = mark("list the networks to start from")

    def choices(self) -> Sequence[Choice]:
        return templates()


COMMAND = _Templates()
