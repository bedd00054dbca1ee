"""How a pyqtgraph plot takes on the theme. pyqtgraph itself is imported by whoever draws plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from mtlstudio.ui.theme.current import signals, theme
from mtlstudio.ui.theme.fonts import font

if TYPE_CHECKING:
    from pyqtgraph import PlotWidget

AXES = ("left", "bottom", "right", "top")


def style_plot(plot: PlotWidget, ground: str = "panel", follow: bool = True) -> None:
    """Gives a plot the window's ground, quiet axes and small tabular figures.

    Args:
        plot: a `pyqtgraph.PlotWidget`.
        ground: the token behind the curves.
        follow: take on later themes too.
    """
    tokens = theme()
    plot.setBackground(tokens.colour(ground))
    plot.setFrameShape(plot.Shape.NoFrame)
    for name in AXES:
        axis = plot.getAxis(name)
        axis.setPen(tokens.colour("line"), width=1)
        axis.setTickPen(tokens.colour("line"), width=1)
        axis.setTextPen(tokens.colour("dim"))
        axis.setStyle(tickFont=font(10.5), tickLength=-4, tickTextOffset=6)
    plot.showGrid(x=False, y=True, alpha=0.18)
    if follow and plot.findChild(_Follower) is None:
        _Follower(plot, ground)


class _Follower(QObject):
    """A child of the plot that styles it again when the theme changes, and goes when it goes."""

    def __init__(self, plot: PlotWidget, ground: str) -> None:
        super().__init__(plot)
        self._ground = ground
        signals.theme_changed.connect(self._restyle)

    def _restyle(self) -> None:
        style_plot(self.parent(), self._ground, follow=False)
