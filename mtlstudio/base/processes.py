"""Is the process that wrote this still the one that runs? A number alone cannot say: systems use them again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def process_started(pid: int) -> str | None:
    """A text that no two processes with this number share; "" where the system will not say; None if none runs."""
    if sys.platform == "win32":
        return _started_windows(pid)
    if Path("/proc/self/stat").exists():
        return _started_proc(pid)
    return _started_ps(pid)


def is_running(pid: int, started: str) -> bool:
    """Whether the process `pid` that began at `started` (from `process_started`) still runs."""
    now = process_started(pid)
    if now is None:
        return False
    return not started or not now or now == started


def _started_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None if not _answers(pid) else ""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    if fields[0] in "ZX":
        return None
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        boot = ""
    return f"{boot}:{fields[19]}"


def _started_ps(pid: int) -> str | None:
    import subprocess

    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    except OSError:
        return "" if _answers(pid) else None
    return done.stdout.strip() or None


def _answers(pid: int) -> bool:
    if pid <= 0:  # 0 and negative numbers mean whole groups
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it runs, under another user
        return True
    return True


def _started_windows(pid: int) -> str | None:
    if sys.platform != "win32":
        return None
    import ctypes

    query_limited, still_active = 0x1000, 259
    kernel = ctypes.windll.kernel32
    handle = kernel.OpenProcess(query_limited, False, pid)
    if not handle:
        denied = 5
        return "" if kernel.GetLastError() == denied else None
    try:
        code = ctypes.c_ulong()
        if kernel.GetExitCodeProcess(handle, ctypes.byref(code)) and code.value != still_active:
            return None
        times = [ctypes.c_ulonglong() for _ in range(4)]
        if not kernel.GetProcessTimes(handle, *(ctypes.byref(time) for time in times)):
            return ""
        return str(times[0].value)
    finally:
        kernel.CloseHandle(handle)
