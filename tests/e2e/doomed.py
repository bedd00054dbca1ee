"""`mtlstudio`, of which one process is killed in the middle of a step; see `test_ranks`.

`python -m torch.distributed.run … -m tests.e2e.doomed RANK STEP WORDS…`
"""

from __future__ import annotations

import os
import signal
import sys

from mtlstudio.cli.main import main
from mtlstudio.tasks.bound import DeclaredTask

steps = 0


def doom(rank: str, last: int) -> None:
    """Process `rank` kills itself while it computes the losses of its `last`th batch."""
    own = DeclaredTask.combined

    def combined(self: DeclaredTask, *arguments: object) -> object:
        global steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return own(self, *arguments)  # type: ignore[arg-type]

    if os.environ["RANK"] == rank:
        DeclaredTask.combined = combined  # type: ignore[method-assign, assignment]


if __name__ == "__main__":
    doom(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(sys.argv[3:]))
