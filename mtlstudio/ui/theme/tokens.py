"""The design tokens: every colour of the window by its role, for dark and for light."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QColor


@dataclass(frozen=True)
class Tokens:
    """The colours of one theme, each `#rrggbb`.

    Attributes:
        name: `dark` or `light`.
        background: behind everything. panel: side bars, cards' surroundings. card: what lies on a panel.
        raised: a button's face; raised_hover: under the pointer.
        field: inside of editors. line: borders and rules. track: the empty part of bars and sliders.
        text, dim: words and lesser words. accent: lines, focus, selection; accent_fill: under white text.
        accent_hover: accent_fill under the pointer. on_accent: text on accent_fill.
        good, warning, bad: judgements; readable as text. shared: what belongs to several tasks.
        selection: face of a selected row. image_background: around pictures.
    """

    name: str
    background: str
    panel: str
    card: str
    raised: str
    raised_hover: str
    field: str
    line: str
    track: str
    text: str
    dim: str
    accent: str
    accent_fill: str
    accent_hover: str
    on_accent: str
    good: str
    warning: str
    bad: str
    shared: str
    selection: str
    image_background: str

    @property
    def is_dark(self) -> bool:
        """Whether light words stand on dark ground."""
        return self.name == "dark"

    def colour(self, role: str, alpha: float = 1.0) -> QColor:
        """The colour of a role (`line`, `accent` …); any other word is read as a colour itself (`#4C9BE8`).

        Args:
            role: a token's name, or a colour.
            alpha: opacity, 0 … 1.
        """
        value = getattr(self, role, None) if not role.startswith("#") else None
        found = QColor(value if isinstance(value, str) else role)
        if alpha < 1.0:
            found.setAlphaF(alpha)
        return found


DARK = Tokens(
    name="dark",
    background="#14161a",
    panel="#1b1e24",
    card="#262a32",
    raised="#2e333d",
    raised_hover="#383e4a",
    field="#14161a",
    line="#343a45",
    track="#2e333d",
    text="#e7e9ee",
    dim="#98a1b0",
    accent="#6c8cff",
    accent_fill="#4a63e0",
    accent_hover="#3f58d4",
    on_accent="#ffffff",
    good="#35b779",
    warning="#f0b429",
    bad="#ef6461",
    shared="#8a94a6",
    selection="#212943",
    image_background="#0e1013",
)

LIGHT = Tokens(
    name="light",
    background="#f3f4f7",
    panel="#ffffff",
    card="#ffffff",
    raised="#f0f2f6",
    raised_hover="#e4e8f0",
    field="#f3f4f7",
    line="#d9dde5",
    track="#e6e9ef",
    text="#1b2330",
    dim="#596377",
    accent="#3d5af1",
    accent_fill="#3d5af1",
    accent_hover="#2f49d1",
    on_accent="#ffffff",
    good="#067647",
    warning="#8a5c00",
    bad="#b42f2c",
    shared="#7a8599",
    selection="#e2e7fd",
    image_background="#e9ebf0",
)


def mix(first: QColor | str, second: QColor | str, share: float) -> QColor:
    """The colour between two: `share` 0 gives the first, 1 the second."""
    a, b = QColor(first), QColor(second)
    part = min(1.0, max(0.0, share))
    return QColor.fromRgbF(*((1 - part) * x + part * y for x, y in zip(_channels(a), _channels(b), strict=True)))


def contrast(first: QColor | str, second: QColor | str) -> float:
    """Contrast ratio of two opaque colours, 1 … 21. Source: WCAG 2.2, relative luminance."""
    bright, dark = sorted((_luminance(QColor(first)), _luminance(QColor(second))), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _channels(colour: QColor) -> tuple[float, float, float]:
    return colour.redF(), colour.greenF(), colour.blueF()


def _luminance(colour: QColor) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def readable_on(ground: QColor | str) -> QColor:
    """Black or white, whichever can be read better on the ground."""
    dark, light = QColor("#10131a"), QColor("#ffffff")
    return dark if contrast(dark, ground) >= contrast(light, ground) else light
