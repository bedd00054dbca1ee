"""How much memory data may take."""

from __future__ import annotations

import sys

import pytest

from mtlstudio.data import ram


def test_the_budget_is_less_than_all_memory():
    assert ram.budget() > 0
    if sys.platform.startswith("linux"):
        with open("/proc/meminfo", encoding="ascii") as file:
            total = int(file.readline().split()[1]) * 1024
        assert ram.budget() <= total // 2


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="containers of Linux")
def test_a_containers_limit_counts(monkeypatch):
    monkeypatch.setattr(ram, "_allowed", lambda: 1000)
    assert ram.budget() == 500
