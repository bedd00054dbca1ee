"""What the widgets do not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_widgets_load_neither_torch_nor_numpy_nor_plots(root: Path) -> None:
    code = "import sys, mtlstudio.ui.widgets; print([m for m in ('torch', 'numpy', 'pyqtgraph') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
