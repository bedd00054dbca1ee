"""The look of the window: tokens, palettes, font, style sheet.

`apply_theme(app, "dark")` puts it on; `theme().colour("accent")` is asked for inside each `paintEvent` (colours are
never kept); `signals.theme_changed` tells when to paint anew.
"""

from mtlstudio.ui.theme.colours import (
    CLASS_COLOURS,
    TASK_COLOURS,
    class_colour,
    class_table,
    depth_table,
    diverging_colour,
    heat_table,
    task_colour,
)
from mtlstudio.ui.theme.current import apply_theme, signals, theme
from mtlstudio.ui.theme.fonts import font, load_fonts, scaled, tabular, text_scale
from mtlstudio.ui.theme.tokens import DARK, LIGHT, Tokens, contrast, mix, readable_on

__all__ = [
    "CLASS_COLOURS",
    "DARK",
    "LIGHT",
    "TASK_COLOURS",
    "Tokens",
    "apply_theme",
    "class_colour",
    "class_table",
    "contrast",
    "depth_table",
    "diverging_colour",
    "font",
    "heat_table",
    "load_fonts",
    "mix",
    "readable_on",
    "scaled",
    "signals",
    "tabular",
    "task_colour",
    "text_scale",
    "theme",
]
