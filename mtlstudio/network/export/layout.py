"""Writes Python expressions as a formatter would: on one line where they fit, else one item per line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

WIDTH = 120
INDENT = "    "


@dataclass(frozen=True)
class Group:
    """Items between brackets: `opening`, the items with commas between them, `closing`."""

    opening: str
    items: Sequence[Expression]
    closing: str


@dataclass(frozen=True)
class Named:
    """`label` before an expression: `stride=` or `"key": `."""

    label: str
    value: Expression


Expression: TypeAlias = str | Group | Named


def flat(expression: Expression) -> str:
    """The expression on one line."""
    if isinstance(expression, str):
        return expression
    if isinstance(expression, Named):
        return expression.label + flat(expression.value)
    inner = ", ".join(flat(item) for item in expression.items)
    if expression.opening == "(" and len(expression.items) == 1:
        inner += ","  # a tuple of one
    return expression.opening + inner + expression.closing


def laid_out(expression: Expression, depth: int = 0, before: str = "", after: str = "") -> list[str]:
    """The lines of `before` + expression + `after`, indented `depth` times."""
    indent = INDENT * depth
    line = indent + before + flat(expression) + after
    if len(line) <= WIDTH or isinstance(expression, str):
        return [line]
    if isinstance(expression, Named):
        return laid_out(expression.value, depth, before + expression.label, after)
    if not expression.items:
        return [line]
    inner = INDENT + indent + ", ".join(flat(item) for item in expression.items)
    if len(inner) <= WIDTH and len(expression.items) > 1:
        return [indent + before + expression.opening, inner, indent + expression.closing + after]
    lines = [indent + before + expression.opening]
    for item in expression.items:
        lines += laid_out(item, depth + 1, after=",")
    return [*lines, indent + expression.closing + after]


def statement(target: str, expression: Expression, depth: int = 0, comment: str = "") -> list[str]:
    """`target = expression`, with a comment behind it where there is room, else above."""
    lines = laid_out(expression, depth, f"{target} = ")
    if not comment:
        return lines
    if len(lines) == 1 and len(lines[0]) + 4 + len(comment) <= WIDTH:
        return [f"{lines[0]}  # {comment}"]
    return [f"{INDENT * depth}# {comment}", *lines]


def text(value: str) -> str:
    """A string literal in double quotes, whatever it holds."""
    escaped = value.replace("\\", "\\\\")
    quote = "'" if '"' in value and "'" not in value else '"'
    escaped = escaped.replace(quote, "\\" + quote)
    return quote + "".join(_printable(character) for character in escaped) + quote


def comment(words: str) -> str:
    """Free text that may stand in a comment or a docstring: on one line, without what would end either."""
    words = " ".join("".join(character if character.isprintable() else " " for character in words).split())
    return words.replace("\\", "/").replace('"""', "'''")


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
