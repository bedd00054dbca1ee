"""Which card the arrow keys lead to. Pure."""

from __future__ import annotations

from collections.abc import Callable

from mtlstudio.ui.design.layout import Card, GridLayout


def neighbour(layout: GridLayout, layer_id: str, direction: str) -> str:
    """Id of the nearest card to the left, right, up or down; the first card without a start; "" without any.

    To the left and right it follows a connection where there is one.
    """
    cards = layout.cards
    if layer_id not in cards:
        return min(cards, key=lambda i: (cards[i].spot.column, cards[i].pieces[0][0]), default="")
    along = _along(layout, layer_id, direction)
    if along:
        return along
    here = cards[layer_id]
    ahead: Callable[[Card], bool]
    distance: Callable[[Card], tuple[float, float]]
    if direction in ("left", "right"):
        sign = 1 if direction == "right" else -1
        ahead = lambda card: (card.spot.column - here.spot.column) * sign > 0 and _overlap(card, here)  # noqa: E731
        distance = lambda card: (abs(card.spot.column - here.spot.column), abs(_middle(card) - _middle(here)))  # noqa: E731
    else:
        sign = 1 if direction == "down" else -1
        ahead = lambda card: (_start(card, sign) - _end(here, sign)) * sign >= 0  # noqa: E731
        distance = lambda card: (  # noqa: E731
            abs(_start(card, sign) - _end(here, sign)) + 2.0 * abs(card.x - here.x),
            card.x,
        )
    found = [card for card in cards.values() if card is not here and ahead(card)]
    return min(found, key=distance).spot.layer.id if found else ""


def _along(layout: GridLayout, layer_id: str, direction: str) -> str:
    """The card at the other end of the nearest connection to the left or right; "" without one."""
    if direction not in ("left", "right"):
        return ""
    here, wires = layout.cards[layer_id], layout.routes.wires
    if direction == "right":
        ends = [wire.target for wire in wires if wire.source == layer_id]
    else:
        ends = [wire.source for wire in wires if wire.target == layer_id]
    cards = layout.cards
    key = lambda i: (abs(cards[i].spot.column - here.spot.column), abs(cards[i].pieces[0][0] - here.pieces[0][0]))  # noqa: E731
    return min(ends, key=key, default="")


def _overlap(one: Card, two: Card) -> bool:
    return any(a < d and c < b for a, b in one.pieces for c, d in two.pieces)


def _middle(card: Card) -> float:
    return (card.pieces[0][0] + card.pieces[-1][1]) / 2


def _start(card: Card, sign: int) -> float:
    return card.pieces[0][0] if sign > 0 else card.pieces[-1][1]


def _end(card: Card, sign: int) -> float:
    return card.pieces[-1][1] if sign > 0 else card.pieces[0][0]
