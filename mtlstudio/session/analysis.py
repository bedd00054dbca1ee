"""Keeps the figures of the network up to date while it is edited, in a thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from mtlstudio.base.errors import StudioError
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.session.jobs import Cancelled, Jobs, Token

if TYPE_CHECKING:
    from mtlstudio.network.analyze import Analysis


class AnalysisSession(QObject):
    """Shapes, costs and problems of the newest specification.

    Signals:
        updated: (specification, Analysis). Never of a specification older than the last one shown.
        failed: the sentence says why there are no figures.
    """

    updated = Signal(object, object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs = Jobs(1, self)
        self.spec: ProjectSpec | None = None
        self.analysis: Analysis | None = None
        self._wanted: ProjectSpec | None = None
        self._counts: dict[str, int] = {}
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._start)

    def request(self, spec: ProjectSpec) -> None:
        """Figures for this specification are wanted; an older request is dropped."""
        self._wanted = spec
        self._soon.start()

    def tell_samples(self, counts: Mapping[str, int]) -> None:
        """How many labelled pictures each task has to train on: some warnings depend on it.

        Args:
            counts: by task id; empty while they are not known.
        """
        if dict(counts) != self._counts:
            self._counts = dict(counts)
            if self._wanted is not None:
                self.spec = None  # what is at hand lacks the warnings
                self._soon.start()

    @property
    def is_current(self) -> bool:
        """The figures at hand are those of the newest request."""
        return self._wanted is self.spec

    def clear(self) -> None:
        """Forgets everything (the project was closed)."""
        self.jobs.cancel("analysis")
        self._soon.stop()
        self.spec = self.analysis = self._wanted = None
        self._counts = {}

    def shut_down(self) -> None:
        """Ends the thread."""
        self.clear()
        self.jobs.shut_down()

    def _start(self) -> None:
        spec, counts = self._wanted, dict(self._counts)
        if spec is not None:
            self.jobs.submit(
                lambda token: self._analyze(spec, counts, token),
                lambda analysis: self._finish(spec, analysis),
                self._fail,
                key="analysis",
            )

    def _analyze(self, spec: ProjectSpec, counts: Mapping[str, int], token: Token) -> Analysis:
        from mtlstudio.network.analyze import AnalysisCancelled, analyze
        from mtlstudio.network.warnings import few_samples

        try:
            analysis = analyze(spec, cancelled=token)
        except AnalysisCancelled as error:
            raise Cancelled from error
        token.check()
        return replace(analysis, problems=(*analysis.problems, *few_samples(spec, analysis.layers, counts)))

    def _finish(self, spec: ProjectSpec, analysis: Analysis) -> None:
        if spec is self._wanted:
            self.spec, self.analysis = spec, analysis
            self.updated.emit(spec, analysis)

    def _fail(self, error: StudioError) -> None:
        self.failed.emit(error.text())
