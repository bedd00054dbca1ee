"""What differs between snapshots is told field by field; what cannot explain a result is no cause."""

from __future__ import annotations

from mtlstudio.project.edits import set_parameters, set_split_point
from mtlstudio.project.fields import set_fields
from mtlstudio.runs.differences import causes, network_change, setting_changes
from tests.training.small import project


def test_fields_are_named_as_set_writes_them() -> None:
    first = project()
    second = set_fields(
        first, [("training.batch_size", "8"), ("tasks.mask.loss_weight", "0.5"), ("training.seed", "3")]
    )
    third = set_fields(first, [("training.optimizer.learning_rate", "0.01")])
    found = {change.field: change.values for change in setting_changes([first, second, third])}
    assert found == {
        "training.batch_size": (4, 8, 4),
        "tasks.mask.loss_weight": (1.0, 0.5, 1.0),
        "training.seed": (0, 3, 0),
        "training.optimizer.learning_rate": (None, None, 0.01),
    }
    assert (
        set_fields(first, [(name, str(values[1])) for name, values in found.items() if values[1] is not None]) == second
    )


def test_equal_projects_do_not_differ() -> None:
    assert setting_changes([project(), project()]) == []
    assert not network_change(project(), project())
    assert causes([project(), project()]) == []


def test_a_seed_a_name_and_a_colour_are_told_but_are_no_cause() -> None:
    other = set_fields(project(), [("training.seed", "3"), ("tasks.mask.colour", "#000000"), ("tasks.mask.name", "M")])
    assert len(setting_changes([project(), other])) == 3
    assert causes([project(), other]) == []


def test_a_network_that_is_split_and_changed_is_told_apart() -> None:
    first = project()
    split = set_split_point(first, 0)
    found = network_change(split, first)
    assert found.added and "stem" in found.shared and not found.missing
    wider = set_parameters(first, ["stem"], out_channels=16)
    assert network_change(wider, first).changed == ("stem",)
    assert causes([first, wider]) == ["network"]
    assert causes([first, set_fields(wider, [("training.batch_size", "8")])]) == ["network", "training.batch_size"]
