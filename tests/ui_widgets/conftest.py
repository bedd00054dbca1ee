"""Ground for the widgets' tests: the dark theme before each test, nothing left over after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from mtlstudio.ui.theme import apply_theme


@pytest.fixture(autouse=True)
def _dark(qapp: QApplication) -> Iterator[None]:
    apply_theme(qapp, "dark")
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # without a loop nobody else does
