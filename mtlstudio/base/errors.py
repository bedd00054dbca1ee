"""The errors that are meant for a person: what happened, where, how to mend it."""

from __future__ import annotations

from mtlstudio.base.texts import tr


class StudioError(Exception):
    """Something the user can understand and mend; every reader (window, command line) shows `text()`.

    Args:
        message: what went wrong, marked with `mark`, with `{named}` places.
        where: the file, field, layer or task concerned; untranslated.
        fix: how to mend it, marked with `mark`, with the same values.
        values: what fills the places of both sentences.
    """

    def __init__(self, message: str, /, *, where: str = "", fix: str = "", **values: object) -> None:
        super().__init__(message.format(**values) if values else message)
        self.message, self.where, self.fix, self.values = message, where, fix, values

    def text(self) -> str:
        """One line in the user's language: `where: what. How to mend it.`"""
        fix = tr(self.fix, **self.values) if self.fix else ""
        return as_line(self.where, tr(self.message, **self.values), fix)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.where, self.fix, self.values))


def as_line(where: str, *sentences: str) -> str:
    """`where: sentence. Sentence.`: each ends with a full stop of its own script; empty ones are left out."""
    line = " ".join(_ended(sentence) for sentence in sentences if sentence)
    return f"{where}: {line}" if where else line


def _ended(sentence: str) -> str:
    """The sentence with a full stop of its own script."""
    if sentence.endswith((".", "。", "!", "?", "…", "！", "？")):
        return sentence
    return sentence + ("。" if sentence[-1:] >= "\u3000" else ".")


def _rebuild(cls: type[StudioError], message: str, where: str, fix: str, values: dict[str, object]) -> StudioError:
    return cls(message, where=where, fix=fix, **values)
