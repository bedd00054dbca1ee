"""A network that is built in another thread while it trains changes none of the training's draws."""

from __future__ import annotations

import threading

import torch

from mtlstudio.network.dice import TURN, drawn_apart


def test_draws_apart_leave_the_generator_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    with drawn_apart(9):
        apart = torch.rand(4)
    assert torch.equal(torch.rand(4), expected) and not torch.equal(apart, expected)
    torch.manual_seed(9)
    assert torch.equal(torch.rand(4), apart)


def test_who_draws_waits_for_its_turn() -> None:
    drawn: list[torch.Tensor] = []

    def build() -> None:
        with drawn_apart(1):
            drawn.append(torch.rand(1000))

    torch.manual_seed(5)
    expected = [torch.rand(8) for _ in range(2)]
    other = threading.Thread(target=build)
    with TURN:  # a step of the training: its second draw comes after the other thread wanted to build
        torch.manual_seed(5)
        first = torch.rand(8)
        other.start()
        other.join(0.1)
        assert other.is_alive() and not drawn
        second = torch.rand(8)
    other.join(10)
    assert drawn and torch.equal(first, expected[0]) and torch.equal(second, expected[1])
