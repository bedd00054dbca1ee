"""What the window says of trained weights when layers are split and joined."""

from __future__ import annotations

from mtlstudio.network.inheritance import preview
from mtlstudio.project.edits import delete_layers, rename_task, unshare
from mtlstudio.project.spec import ProjectSpec
from mtlstudio.ui.design.heritage import told


def words(before: ProjectSpec, after: ProjectSpec, run: ProjectSpec) -> str:
    return told(before, after, preview(before, run, "run"), preview(after, run, "run"))


def test_a_copy_takes_the_weights_along(pets_spec: ProjectSpec) -> None:
    split = unshare(pets_spec, "stage4", "breed")
    assert words(pets_spec, split, pets_spec).startswith("Stage 4 copied for Breed; trained weights go with it.")


def test_a_lost_layer_is_named_once(pets_spec: ProjectSpec) -> None:
    without = delete_layers(pets_spec, ["up3"])
    assert "Up 3" in words(pets_spec, without, pets_spec)
    assert words(without, rename_task(without, "mask", "Outline"), pets_spec) == ""


def test_without_a_run_nothing_is_said(pets_spec: ProjectSpec) -> None:
    assert told(pets_spec, unshare(pets_spec, "stage4", "breed"), None, None) == ""
