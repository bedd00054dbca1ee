"""`python -m mtlstudio`: the commands, and the window."""

from __future__ import annotations

import sys

from mtlstudio.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
