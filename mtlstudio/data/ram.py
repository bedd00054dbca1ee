"""How much memory data may take."""

from __future__ import annotations

import ctypes
import os
import sys

_UNKNOWN = 4 * 1024**3


def budget() -> int:
    """Half of the memory that is free now, in bytes (of half of all memory where the free part is not told)."""
    return _free() // 2


def _free() -> int:
    if sys.platform == "win32":
        return _windows()
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            available = next(line for line in file if line.startswith("MemAvailable"))
        return min(int(available.split()[1]) * 1024, _allowed())
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (OSError, ValueError, AttributeError):
        return _UNKNOWN


def _allowed() -> int:
    """What a container lets this process take."""
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            limit = int(file.read())
        with open("/sys/fs/cgroup/memory.current", encoding="ascii") as file:
            return max(limit - int(file.read()), 0)
    except (OSError, ValueError):  # no limit is "max"
        return sys.maxsize


def _windows() -> int:
    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong), ("load", ctypes.c_ulong), ("total", ctypes.c_ulonglong),
            ("available", ctypes.c_ulonglong), ("total_page", ctypes.c_ulonglong),
            ("available_page", ctypes.c_ulonglong), ("total_virtual", ctypes.c_ulonglong),
            ("available_virtual", ctypes.c_ulonglong), ("extended", ctypes.c_ulonglong),
        ]  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    told: int = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return int(status.available) if told else _UNKNOWN
