"""The scripts behind `make` say what is missing and how to get it, where they cannot help."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("bash") is None, reason="the scripts are for bash on Linux"
)


Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Run:
    """Runs a script of `packaging/` with stand-ins for some programs: name to shell code."""

    def run(script: str, *arguments: str, **programs: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name, code in programs.items():
            program = folder / name.replace("_", "-")
            program.write_text(f"#!/bin/bash\n{code}\n")
            program.chmod(0o755)
        environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
        environment.pop("MTLSTUDIO_FONTS", None)
        command = ["bash", str(root / "packaging" / script), *arguments]
        return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)

    return run


def test_an_old_python_is_refused_in_plain_words(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON", "oldpython")
    done = run("environment.sh", str(tmp_path / "venv"), "test", oldpython="exit 1")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer; oldpython is older" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_without_root_the_install_line_is_printed(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("PySide6")
    lacking = ("libEGL.so.1", "libxcb-cursor.so.0", "libxkbcommon-x11.so.0", "libgthread-2.0.so.0", "libodd.so.7")
    ldd = "\n".join(f"echo '  {name} => not found'" for name in lacking) + "\necho '  libc.so.6 => /lib/libc.so.6'"
    done = run("linux_libraries.sh", sys.prefix, ldd=ldd, id="echo 1000", sudo="exit 1", apt_get="exit 1")
    assert done.returncode == 0
    line = next(line for line in done.stderr.splitlines() if "apt-get install" in line)
    assert set(line.split()[3:]) == {"libegl1", "libxcb-cursor0", "libxkbcommon-x11-0", "libglib2.0-0"}
    assert "libodd.so.7" in done.stderr


def test_where_nothing_lacks_nothing_is_installed(run: Run, tmp_path: Path) -> None:
    installed = tmp_path / "installed"
    done = run("linux_libraries.sh", sys.prefix, ldd="exit 0", apt_get=f"touch {installed}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not installed.exists()
