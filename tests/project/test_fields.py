from __future__ import annotations

from typing import Any

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.project.fields import field_paths, get_field, set_field, set_fields
from mtlstudio.project.settings import MethodSpec
from mtlstudio.project.spec import LossSpec, ProjectSpec, StageSpec
from tests.project.golden import GOLDEN


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("name", "新 name", "新 name"),
        ("training.batch_size", "8", 8),
        ("training.clip_norm", "auto", None),
        ("training.channels_last", "yes", True),
        ("training.balancing.method", "pcgrad", "pcgrad"),
        ("training.optimizer.learning_rate", "1e-3", 0.001),
        ("training.optimizer.nesterov", "false", False),
        ("training.schedule.unheard", "some text", "some text"),
        ("training.best", "species.accuracy", "species.accuracy"),
        ("data.image_size", "128", 128),
        ("tasks.species.loss_weight", ".3", 0.3),
        ("tasks.species.name", "3", "3"),
        ("tasks.species.weight_schedule", "[[0, 1], [5, 0.5]]", ((0.0, 1.0), (5.0, 0.5))),
        ("tasks.species.weight_schedule", "0:1, 5:.5", ((0.0, 1.0), (5.0, 0.5))),
        ("tasks.species.weight_schedule", "", ()),
        ("tasks.species.metrics", "accuracy, macro_f1", ("accuracy", "macro_f1")),
        ("training.start_from", "2026-11-20", "2026-11-20"),
        ("training.strategy", '[{"name": "Own", "epochs": 3, "trains": "own"}]', (StageSpec("Own", 3, trains="own"),)),
        ("tasks.species.state", "muted", "muted"),
        ("tasks.species.patience", "4", 4),
        ("tasks.species.losses", '[{"type": "focal"}]', (LossSpec("focal"),)),
        ("tasks.mask.ignore_index", "254", 254),
        ("tasks.mask.parameters.new", "1", 1),
        ("network.layers.stage2.out_channels", "128", 128),
        ("network.layers.stage2.norm", "group", "group"),
        ("network.layers.stage2.frozen", "True", True),
        ("network.layers.up1.scale", "[1, 2]", (1, 2)),
        ("datasets.pets.path", "数据 2", "数据 2"),
        ("datasets.pets.seed", "4", 4),
        ("datasets.pets.targets.mask", "other", "other"),
        ("inputs.infrared.channels", "2", 2),
    ],
)
def test_a_field_is_set_from_text(path: str, text: str, value: Any) -> None:
    changed = set_field(GOLDEN, path, text)
    assert get_field(changed, path) == value and type(get_field(changed, path)) is type(value)
    if path not in ("tasks.mask.parameters.new", "training.schedule.unheard", "network.layers.up1.scale"):
        assert field_paths(changed) == field_paths(GOLDEN) or "method" in path


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("training.batch_sise", "8", "Did you mean 'batch_size'?"),
        ("training.epochs", "-1", "Expected: int 0"),
        ("training.epochs", "many", "epochs cannot be 'many'"),
        ("training.precision", "fp8", "auto | fp32 | bf16 | fp16"),
        ("training", "8", "no single value"),
        ("tasks", "[]", "no single value. Known: species, mask, head_box"),
        ("tasks.spceies.loss_weight", "1", "Did you mean 'species'?"),
        ("tasks.species.loss_wieght", "1", "Did you mean 'loss_weight'?"),
        ("tasks.species.loss_weight", "-1", "tasks.species.loss_weight: A loss weight must be"),
        ("tasks.species.loss_weight", "nan", "no finite number"),
        ("tasks.species.loss_weight", "heavy", "expected a number"),
        ("tasks.species.id", "x", "no 'id' here"),
        ("network.layers.stage2.tasks", "x", "no 'tasks' here"),
        ("network.layers.stage2.frozen", "3", "expected true or false"),
        ("tasks.species.weight_schedule", "5", "expected a list of 2"),
        ("tasks.species.weight_schedule", "soon", "expected a list"),
        ("network.connections", "x", "no 'connections' here"),
        ("training.optimizer.learning_rate", "inf", "no finite number"),
        ("training.batch_size.more", "1", "no 'more' here"),
        ("", "1", "Known: name, inputs"),
        ("a..b", "1", "no 'a' here"),
    ],
)
def test_what_cannot_be_set_is_told_with_what_can(path: str, text: str, said: str) -> None:
    with pytest.raises(StudioError) as caught:
        set_field(GOLDEN, path, text)
    assert said in caught.value.text()


def test_every_path_leads_to_its_value() -> None:
    paths = field_paths(GOLDEN)
    assert len(paths) == len(set(paths)) > 50
    assert {"tasks.mask.ignore_index", "training.optimizer.nesterov", "datasets.scenes.dials.noise"} <= set(paths)
    for path in paths:
        get_field(GOLDEN, path)


def test_another_method_starts_with_its_own_parameters_wherever_these_stand() -> None:
    spec = set_field(GOLDEN, "training.optimizer.method", "adamw")
    assert spec.training.optimizer == MethodSpec("adamw")
    assert set_field(GOLDEN, "training.optimizer.method", "sgd") == GOLDEN
    pairs = [("training.optimizer.learning_rate", "0.5"), ("training.optimizer.method", "adamw")]
    assert set_fields(GOLDEN, pairs).training.optimizer == MethodSpec("adamw", FrozenDict(learning_rate=0.5))


def test_an_empty_project_has_no_paths_into_lists() -> None:
    paths = field_paths(ProjectSpec("p"))
    assert not [path for path in paths if path.startswith(("tasks", "datasets", "network"))]
    with pytest.raises(StudioError):
        set_field(ProjectSpec("p"), "tasks", "[]")
