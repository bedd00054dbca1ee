"""Some hundred edits at random; ten thousand by hand: `python -m tests.project.robot`."""

from __future__ import annotations

import ast
import string
from collections import Counter
from pathlib import Path

import pytest

from mtlstudio.base.texts import LANGUAGES, set_language, tr
from mtlstudio.project import edits
from mtlstudio.project.codec import to_json, to_text
from mtlstudio.project.history import History
from tests.project.robot import missing, walk
from tests.project.test_edits_sharing import sketch


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_the_project_stays_sound_and_undo_is_exact(seed: int) -> None:
    told: Counter[str] = Counter()
    walk(seed, 60, told)
    assert told


def test_the_robot_knows_every_edit() -> None:
    assert missing() == set()


def test_a_thousand_steps_are_undone_bit_for_bit() -> None:
    spec = first = sketch()
    history: History[object] = History(limit=1000)
    for number in range(1100):
        after = edits.set_loss_weights(spec, {"mask": number + 2.0}) if number % 3 else _grown(spec, number)
        history.push(spec, after, "step")
        if number == 99:
            first = after
        spec = after
    for _ in range(1000):
        undone = history.undo()
    assert history.undo_text is None
    assert undone == first and to_text(to_json(undone)) == to_text(to_json(first))  # type: ignore[arg-type]


def _grown(spec: object, number: int) -> object:
    last = spec.network.output_of("mask")  # type: ignore[attr-defined]
    edited = edits.rename_layer if number % 2 else edits.set_learning_rate_factor
    return edited(spec, last.layer if number % 2 else [last.layer], str(number) if number % 2 else number / 7)  # type: ignore[arg-type]


def refusals() -> list[tuple[str, str, set[str]]]:
    """Every refusal that the edits' code declares: (place, sentence, names of the values it is given)."""
    found = []
    folder = Path(edits.__file__).parent
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "refuse":
                continue
            given = {word.arg for word in node.keywords if word.arg is not None}
            if any(word.arg is None for word in node.keywords):
                continue  # values that come with a Difference, which is looked at where it is made
            for sentence in _marked(node):
                found.append((f"{path.name}:{node.lineno}", sentence, given))
    return found


def _marked(call: ast.Call) -> list[str]:
    return [
        argument.value
        for node in ast.walk(call)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "mark"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


REFUSALS = refusals()


@pytest.mark.parametrize(("place", "sentence", "given"), REFUSALS)
def test_every_refusal_has_the_values_that_its_sentence_names(place: str, sentence: str, given: set[str]) -> None:
    named = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    assert named <= given, place
    for language in LANGUAGES:
        set_language(language)
        assert tr(sentence, **dict.fromkeys(given, 1))


def test_refusals_are_sentences_in_one_place() -> None:
    """The same words are marked the same way everywhere, so that they are translated once."""
    assert len(REFUSALS) > 70
    for place, sentence, _ in REFUSALS:
        assert sentence[0].isupper() or sentence[0] in "“{", place
