from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtlstudio.project.history import History


def filled(*steps: tuple[int, int, str | None], limit: int = 1000) -> History[int]:
    history: History[int] = History(limit)
    for before, after, key in steps:
        history.push(before, after, f"to {after}", key)
    return history


def test_undo_and_redo_walk_the_same_states() -> None:
    history = filled((0, 1, None), (1, 2, None))
    assert (history.undo_text, history.redo_text) == ("to 2", None)
    assert [history.undo(), history.undo()] == [1, 0]
    assert (history.undo_text, history.redo_text) == (None, "to 1")
    assert [history.redo(), history.redo()] == [1, 2]
    with pytest.raises(IndexError):
        history.redo()


def test_a_new_step_forgets_what_was_undone() -> None:
    history = filled((0, 1, None), (1, 2, None))
    history.undo()
    history.push(1, 3, "to 3")
    assert history.redo_text is None and history.undo() == 1


def test_a_dragged_slider_is_one_step() -> None:
    history = filled((0, 1, "λ"), (1, 2, "λ"), (2, 3, "λ"))
    assert history.undo() == 0 and history.undo_text is None
    assert history.redo() == 3


def test_other_keys_a_release_an_undo_or_a_save_end_the_merging() -> None:
    assert filled((0, 1, "a"), (1, 2, "b")).undo() == 1
    assert filled((0, 1, None), (1, 2, None)).undo() == 1
    for end in (History.seal, History.mark_clean):
        history = filled((0, 1, "a"))
        end(history)
        history.push(1, 2, "to 2", "a")
        assert history.undo() == 1
    history = filled((0, 1, "a"), (1, 2, "b"))
    history.undo()
    history.push(1, 5, "to 5", "a")
    assert history.undo() == 1


def test_a_slider_that_came_back_leaves_no_step() -> None:
    history = filled((0, 1, "a"), (1, 0, "a"))
    assert history.undo_text is None and history.is_clean
    assert filled((0, 0, None)).undo_text is None


def test_clean_means_the_saved_state() -> None:
    history = filled((0, 1, None))
    assert not history.is_clean
    history.mark_clean()
    assert history.is_clean
    history.undo()
    assert not history.is_clean
    history.redo()
    assert history.is_clean
    history.undo()
    history.push(0, 9, "to 9")
    history.undo()
    assert not history.is_clean  # the saved state cannot be reached any more
    history.clear()
    assert history.is_clean and history.undo_text is None


def test_beyond_the_limit_the_oldest_is_forgotten() -> None:
    history = filled(*((i, i + 1, None) for i in range(5)), limit=3)
    assert [history.undo() for _ in range(3)] == [4, 3, 2]
    assert history.undo_text is None and not history.is_clean


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(["push", "undo", "redo", "save", "seal"]), st.sampled_from([None, "k"]))))
def test_whatever_is_done_the_state_is_one_that_was_and_clean_is_never_wrong(
    steps: list[tuple[str, str | None]],
) -> None:
    history: History[int] = History(limit=4)
    state, saved, newest = 0, 0, 0
    for step, key in steps:
        if step == "push":
            newest += 1
            history.push(state, newest, "push", key)
            state = newest
        elif step == "undo" and history.undo_text:
            state = history.undo()
        elif step == "redo" and history.redo_text:
            state = history.redo()
        elif step == "save":
            history.mark_clean()
            saved = state
        elif step == "seal":
            history.seal()
        assert not history.is_clean or state == saved
