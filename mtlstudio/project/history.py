"""Undo and redo, exactly: each entry holds the state before and after."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True)
class Entry(Generic[State]):
    """One step.

    Attributes:
        text: what was done, for the menu.
        merge_key: steps in a row with the same key are one (a slider that is dragged); None: never merged.
    """

    before: State
    after: State
    text: str
    merge_key: Hashable | None = None


class History(Generic[State]):
    """A stack of steps, of which some may be undone.

    Args:
        limit: the oldest steps beyond so many are forgotten.
    """

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self._entries: list[Entry[State]] = []
        self._done = 0
        self._clean: int | None = 0
        self._sealed = False

    @property
    def is_clean(self) -> bool:
        """Whether the state is the one at the last `mark_clean` (the saved one)."""
        return self._clean == self._done

    @property
    def undo_text(self) -> str | None:
        """What the next undo takes back; None where there is nothing."""
        return self._entries[self._done - 1].text if self._done else None

    @property
    def redo_text(self) -> str | None:
        """What the next redo does again; None where there is nothing."""
        return self._entries[self._done].text if self._done < len(self._entries) else None

    def push(self, before: State, after: State, text: str, merge_key: Hashable | None = None) -> None:
        """Notes a step; what was undone can no longer be redone. A step that changes nothing is not noted."""
        if before == after:
            return
        if self._clean is not None and self._clean > self._done:
            self._clean = None  # the saved state was undone, and is now out of reach
        del self._entries[self._done :]
        last = self._entries[-1] if self._entries else None
        mergeable = last is not None and merge_key is not None and last.merge_key == merge_key
        if last is not None and mergeable and not self._sealed and not self.is_clean:
            self._entries.pop()
            if last.before != after:
                self._entries.append(Entry(last.before, after, text, merge_key))
        else:
            self._entries.append(Entry(before, after, text, merge_key))
        self._sealed = False
        self._trim()
        self._done = len(self._entries)

    def undo(self) -> State:
        """The state before the last step.

        Raises:
            IndexError: there is nothing to undo.
        """
        if not self._done:
            raise IndexError("nothing to undo")
        self._done -= 1
        self._sealed = True
        return self._entries[self._done].before

    def redo(self) -> State:
        """The state after the step that was undone last.

        Raises:
            IndexError: there is nothing to redo.
        """
        if self._done == len(self._entries):
            raise IndexError("nothing to redo")
        self._done += 1
        self._sealed = True
        return self._entries[self._done - 1].after

    def seal(self) -> None:
        """Ends merging: the next step is one of its own (the slider was let go)."""
        self._sealed = True

    def mark_clean(self) -> None:
        """The state now is the saved one."""
        self._clean = self._done

    def clear(self) -> None:
        """Forgets all steps; the state now counts as the saved one."""
        self._entries.clear()
        self._done, self._clean, self._sealed = 0, 0, False

    def _trim(self) -> None:
        surplus = len(self._entries) - self.limit
        if surplus > 0:
            del self._entries[:surplus]
            if self._clean is not None:
                self._clean = self._clean - surplus if self._clean >= surplus else None
