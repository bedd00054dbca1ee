"""Several processes behind one command: only the first speaks, and none outlives the others."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from mtlstudio.base.texts import tr
from mtlstudio.cli.interface import complain

if TYPE_CHECKING:
    from mtlstudio.runs.events import RunFailed
    from mtlstudio.runs.folder import RunFolder
    from mtlstudio.training.ranks import RankLost, Ranks
    from mtlstudio.training.trainer import Trainer


def end_where_others_are_silent(ranks: Ranks, trainer: Trainer, run: RunFolder) -> None:
    """Ends this process, in words, where another answers no more and this one waits for it for ever."""
    from mtlstudio.training.several.group import Group

    def end(lost: RankLost) -> None:
        from mtlstudio.training.failures import Failure

        fix = tr(lost.fix, **lost.values)
        trainer.ended_by(Failure("rank", tr(lost.message, **lost.values), fix))
        complain(f"{run.id}: {lost.text()}", aloud=ranks.speaks)
        _leave(1)

    if isinstance(ranks, Group):
        ranks.on_silence(end)


def ended(ranks: Ranks, failure: RunFailed | None) -> int:
    """The exit code. Where a run of several processes failed, this one leaves at once: with the connections that are
    broken, an orderly end could wait for ever."""
    if failure is None:
        ranks.close()
        return 0
    if ranks.count > 1:
        _leave(1)
    return 1


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
