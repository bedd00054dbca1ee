"""Kills at random moments of saving a project: it always opens, as one of the two states that were being saved."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from mtlstudio.data.propose import propose
from mtlstudio.network.templates.registry import template
from mtlstudio.project import files
from mtlstudio.project.edits import rename_project

KILLS = 20
# One process is made per kill; it saves the two states in turn as fast as it can, autosave in between.
PROGRAM = """
import sys
from pathlib import Path
from mtlstudio.project import files
from mtlstudio.project.edits import rename_project
folder = Path(sys.argv[1])
first = files.load(folder)
states = [rename_project(first, "甲"), rename_project(first, "乙")]
print("ready", flush=True)
while True:
    for state in states:
        files.autosave(folder, state)
        files.save(folder, state)
"""


def test_twenty_kills_while_saving_leave_a_whole_project_each_time(tmp_path: Path, root: Path) -> None:
    folder = tmp_path / "项目"
    spec = propose("p", [], folder)
    spec = spec.with_network(template("unet").build(spec))
    files.create(folder, spec)
    states = [rename_project(spec, "甲"), rename_project(spec, "乙")]
    chance = random.Random(0)
    for _ in range(KILLS):
        saving = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder)], cwd=root, stdout=subprocess.PIPE)
        assert saving.stdout is not None and saving.stdout.readline()
        time.sleep(chance.uniform(0.01, 0.12))
        saving.kill()
        saving.wait(10)
        assert files.load(folder) in states
        if files.recovery(folder) is not None:
            assert files.load_recovery(folder) in states
