"""Numbers and shapes as short words; the same ones wherever a figure stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtlstudio.base.texts import tr

if TYPE_CHECKING:
    from mtlstudio.network.analysis import Cost

_SUPERSCRIPT = "²"


def count(value: float) -> str:
    """A large number in three figures at most: `950`, `4.2 k`, `1.01 M`, `251 M`, `1.9 G`."""
    for factor, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * factor:
            return f"{_three(value / factor)} {unit}"
    return f"{value:.0f}"


def memory(size: float) -> str:
    """Bytes: `512 B`, `4.2 kB`, `468 MB`, `1.2 GB`."""
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= 0.9995 * factor:
            return f"{_three(size / factor)} {unit}"
    return f"{size:.0f} B"


def percent(part: float, whole: float) -> str:
    """A share: `24 %`; `< 1 %` for the small that is not nothing."""
    if whole <= 0 or part <= 0:
        return "0 %"
    share = 100 * part / whole
    return "< 1 %" if share < 0.95 else f"{share:.0f} %"


def shape(sizes: Sequence[int] | None) -> str:
    """The shape on a card: `32×64²`, `32×64×48`, `256`; "" while it is unknown."""
    if not sizes:
        return ""
    if len(sizes) == 3 and sizes[1] == sizes[2]:
        return f"{sizes[0]}×{sizes[1]}{_SUPERSCRIPT}"
    return "×".join(str(size) for size in sizes)


def long_shape(sizes: Sequence[int]) -> str:
    """The shape in a list of facts: `32 × 64 × 64`."""
    return " × ".join(str(size) for size in sizes)


def cost_lines(total: Cost, separate: Cost) -> tuple[str, ...]:
    """What a network costs, in lines of which the first that fits is shown.

    Args:
        separate: what it would cost if nothing were shared.
    """
    values = {
        "parameters": count(total.parameters),
        "separate": count(separate.parameters),
        "macs": count(total.macs),
        "memory": memory(total.activation_bytes),
    }
    plain = tr("{parameters} parameters · {macs} MACs", **values)
    if separate.parameters == total.parameters:
        return tr("{parameters} parameters · {macs} MACs · {memory} per image", **values), plain
    return (
        tr("{parameters} parameters (separate {separate}) · {macs} MACs · {memory} per image", **values),
        tr("{parameters} parameters (separate {separate}) · {macs} MACs", **values),
        plain,
    )


def _three(value: float) -> str:
    return (
        f"{value:.0f}"
        if value >= 99.95
        else f"{value:.1f}"
        if value >= 9.995
        else f"{value:.2f}".rstrip("0").rstrip(".")
    )
