"""The font of the window: Inter, brought along; Chinese from whatever the machine has."""

from __future__ import annotations

from functools import cache

from PySide6.QtGui import QFont, QFontDatabase

from mtlstudio.base.resources import resource

FAMILY = "Inter"
FALLBACKS = (
    "Noto Sans CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
    "WenQuanYi Micro Hei",
    "Segoe UI",
    "Helvetica Neue",
    "DejaVu Sans",
)
BODY = 13

_text_scale = 1.0


def text_scale() -> float:
    """The size of the texts relative to 13 px."""
    return _text_scale


def set_text_scale(scale: float) -> None:
    """Changes the size of fonts made from now on; `apply_theme` calls this."""
    global _text_scale
    _text_scale = min(2.5, max(0.75, scale))


def scaled(pixels: float) -> int:
    """A length that grows with the texts, in whole pixels."""
    return round(pixels * _text_scale)


@cache
def load_fonts() -> tuple[str, ...]:
    """Registers the bundled files, once; the families that Qt found in them."""
    found: list[str] = []
    for path in sorted(resource("fonts").glob("*.otf")):
        found += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    return tuple(dict.fromkeys(found))


def font(size: float = BODY, weight: QFont.Weight = QFont.Weight.Normal, figures: bool = True) -> QFont:
    """A font of the window.

    Args:
        size: pixels at 100 % text size; it grows with the text size.
        weight: Normal, DemiBold or Bold come from the bundled files.
        figures: figures of equal width, so that changing numbers do not dance.
    """
    made = QFont([FAMILY, *FALLBACKS])
    made.setPixelSize(max(8, scaled(size)))
    made.setWeight(weight)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return tabular(made) if figures else made


def tabular(base: QFont) -> QFont:
    """The same font with figures of equal width, where Qt can do that (6.7 and later)."""
    made = QFont(base)
    if hasattr(made, "setFeature"):
        made.setFeature(QFont.Tag("tnum"), 1)
    return made
