"""Strings: the loss is torch's CTC of the present ones, distances are Levenshtein's, faults are named."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.predictions import SequencePrediction
from mtlstudio.tasks.registry import task_type
from mtlstudio.tasks.sequence import BoundSequence
from mtlstudio.tasks.strings import distance, path_distances, steps_of

FIT = Fit(10, 10, 10)


def bound(**parameters: object) -> BoundSequence:
    task = task_type("sequence").bind(TaskSpec("s", "S", "sequence", parameters=FrozenDict(parameters)))
    assert isinstance(task, BoundSequence)
    return task


def reference(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """The textbook's recursion."""

    @cache
    def rest(i: int, j: int) -> int:
        if i == len(one) or j == len(other):
            return len(one) - i + len(other) - j
        return min(rest(i + 1, j) + 1, rest(i, j + 1) + 1, rest(i + 1, j + 1) + (one[i] != other[j]))

    return rest(0, 0)


def read(path: list[int]) -> tuple[int, ...]:
    """A path joined and without blanks."""
    return tuple(step for place, step in enumerate(path) if step and (place == 0 or path[place - 1] != step))


SYMBOLS = st.lists(st.integers(1, 3), max_size=6)


@given(SYMBOLS, SYMBOLS)
def test_distance_is_levenshteins(one: list[int], other: list[int]) -> None:
    assert distance(one, other) == reference(tuple(one), tuple(other))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.lists(st.integers(0, 3), min_size=7, max_size=7), SYMBOLS), min_size=1, max_size=4))
def test_distances_of_paths_are_those_of_what_they_say(rows: list[tuple[list[int], list[int]]]) -> None:
    paths = torch.tensor([path for path, _ in rows])
    truths = torch.zeros((len(rows), 6), dtype=torch.int64)
    for row, (_, truth) in zip(truths, rows, strict=True):
        row[: len(truth)] = torch.tensor(truth, dtype=torch.int64)
    expected = [reference(read(path), tuple(truth)) for path, truth in rows]
    assert path_distances(paths, truths).tolist() == expected


def test_the_loss_is_torchs_ctc_of_the_present_strings_alone() -> None:
    task = bound(maximum_length=6)
    strings = ["407", None, "55", "123456", None]
    encoded = [task.encode(text, FIT) for text in strings]
    present = torch.tensor([target is not None for target in encoded])
    target = task.collate([task.blank(8) if one is None else one for one in encoded])
    output = torch.randn((5, 11, 12), generator=torch.Generator().manual_seed(0), requires_grad=True)
    task.loss(output, target, present).value.backward()

    twin = output.detach().clone().requires_grad_()
    kept = [0, 2, 3]
    flat = torch.tensor([int(letter) + 1 for index in kept for letter in str(strings[index])])
    steps = twin[kept].permute(2, 0, 1).log_softmax(2)
    expected = torch.nn.functional.ctc_loss(
        steps, flat, torch.tensor([12, 12, 12]), torch.tensor([3, 2, 6]), blank=0, reduction="mean"
    )
    expected.backward()
    assert float(task.loss(output.detach(), target, present).value) == pytest.approx(float(expected.detach()), rel=1e-6)
    assert output.grad is not None and twin.grad is not None
    torch.testing.assert_close(output.grad, twin.grad)
    assert (output.grad[[1, 4]] == 0).all()


def test_a_string_that_needs_more_steps_than_there_are_is_named_not_silently_zero() -> None:
    task = bound(maximum_length=6)
    target = task.collate([task.encode("1122", FIT), task.encode("7", FIT)])  # 4 symbols, 2 equal neighbours
    there = torch.ones(2, dtype=torch.bool)
    assert steps_of([1, 1, 2, 2]) == 6
    assert float(task.loss(torch.zeros(2, 11, 6), target, there).value) > 0
    with pytest.raises(StudioError, match="needs 6 steps, the network gives 5"):
        task.loss(torch.zeros(2, 11, 5), target, there)


def test_too_long_and_unknown_symbols_are_refused_in_words() -> None:
    with pytest.raises(StudioError, match="has 5 symbols, more than 4"):
        bound(maximum_length=4).encode("12345", FIT)
    with pytest.raises(StudioError, match="'12a' has the unknown symbol 'a'"):
        bound().encode("12a", FIT)


def test_symbols_of_several_letters_are_read_longest_first_and_written_apart() -> None:
    task = bound(symbols=("a", "ab", "c"))
    said = task.truth("ab a c", FIT)
    assert isinstance(said, SequencePrediction) and said.symbols == (1, 0, 2)
    assert task.summary(said) == "ab a c"
    assert task.truth(("c", "ab"), FIT) is not None and task.output_channels == 4


def test_decoding_joins_neighbours_and_tells_how_sure_it_is() -> None:
    task = bound(symbols=("x", "y"))
    path = [1, 1, 0, 1, 2, 2, 0]
    logits = torch.nn.functional.one_hot(torch.tensor(path), 3).T[None].float() * 3
    logits[0, 1, 1] = 9.0
    said = task.decode(logits, FIT)
    assert said.symbols == (0, 0, 1) and task.summary(said) == "xxy"
    assert said.confidences[0] == pytest.approx(logits[0, :, 1].softmax(0)[1])
    assert said.path == pytest.approx(float(logits[0].softmax(0).max(0).values.prod()), rel=1e-5)


def test_metrics_count_strings_and_symbols() -> None:
    task = bound(symbols=("x", "y"))
    paths = torch.tensor([[1, 0, 2, 2], [1, 1, 1, 0], [0, 0, 0, 0]])
    output = torch.nn.functional.one_hot(paths, 3).permute(0, 2, 1) * 5.0
    target = task.collate([task.encode(text, FIT) for text in ("xy", "xyy", "x")])
    metrics = task.metrics()
    metrics.update(output, target, torch.tensor([True, True, True]))
    assert metrics.compute() == {
        "sequence_accuracy": pytest.approx(1 / 3),
        "character_error_rate": pytest.approx(3 / 6),
    }
