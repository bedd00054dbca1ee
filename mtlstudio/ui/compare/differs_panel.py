"""In what the two selected runs differ."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from mtlstudio.base.texts import tr
from mtlstudio.ui.compare.differs import Told, told
from mtlstudio.ui.compare.lines import Line
from mtlstudio.ui.compare.section import Section
from mtlstudio.ui.compare.wrapped import WrappedLabel
from mtlstudio.ui.theme import signals, theme
from mtlstudio.ui.widgets.common import button, set_property
from mtlstudio.ui.widgets.titles import ElidedLabel


class DiffersPanel(Section):
    """Signals:
    design_wanted: the network of this RunFolder is to be shown beside the design.
    """

    design_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("What differs"), parent=parent)
        self.setObjectName("differs")
        self.verdict, self.words = ElidedLabel(), WrappedLabel()
        self.verdict.setObjectName("differs-verdict")
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.design = button(tr("Show in Design"), "design", small=True)
        self.design.setObjectName("differs-design")
        self.design.setToolTip(tr("The design as it stands beside the network of the first of the two"))
        self.design.clicked.connect(self._show_in_design)
        self.header.addStretch(1)
        self.add_header_widget(self.design)
        self.add(self.verdict)
        self.add(self.words)
        self.told: Told | None = None
        self._lines: Sequence[Line] = ()
        signals.theme_changed.connect(self._write)
        self.show_lines(())

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Compares the two selected lines, the older one first; of groups their first runs stand for all."""
        self._lines = sorted(lines, key=lambda line: line.first.info.created)
        self.told = None
        self.design.hide()
        if len(self._lines) != 2:
            self.set_title(tr("What differs"))
            few = tr("Select two runs (Ctrl and click) to see in what they differ.")
            many = tr("Of more than two runs the curves can be laid over one another.")
            self.verdict.set_text(few if len(self._lines) < 2 else many)
            set_property(self.verdict, "role", "dim")
            self.words.hide()
            return
        first, second = (line.title for line in self._lines)
        self.set_title(tr("{first} → {second}: what differs", first=first, second=second))
        self.told = told(self._lines[0].first, self._lines[1].first)
        self.design.setVisible(self.told.network)
        set_property(self.verdict, "role", "warning" if self.told.careful else "dim")
        self.verdict.set_text(f"⚠ {self.told.verdict}" if self.told.careful else self.told.verdict)
        self._write()

    def _write(self) -> None:
        if self.told is None:
            return
        dim = theme().dim
        parts = [
            f'<span style="color:{dim}">{escape(what)}</span> <b>{escape(how)}</b>' for what, how in self.told.parts
        ]
        if self.told.equal:
            parts.append(f'<span style="color:{dim}">{escape(self.told.equal)}</span>')
        self.words.setText(" &nbsp;&nbsp;&nbsp; ".join(parts))
        self.words.setVisible(bool(parts))

    def _show_in_design(self) -> None:
        if self._lines:
            self.design_wanted.emit(self._lines[0].first.run)
