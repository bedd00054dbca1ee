"""What always holds for the grid's layout, whatever the network."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.network.templates.registry import template, templates
from mtlstudio.project.edits import (
    delete_layers,
    each_its_own,
    insert_on_connection,
    set_split_point,
    share,
    split_positions,
    unshare,
)
from mtlstudio.project.spec import Connection, InputSpec, LayerSpec, NetworkSpec, Output, ProjectSpec, TaskSpec
from mtlstudio.ui.design.camera import Camera
from mtlstudio.ui.design.layout import GridLayout, Room, lay_out
from mtlstudio.ui.design.scene import Frame, Scene


def tasks(*kinds: str) -> ProjectSpec:
    """A project with tasks of those types."""
    made = tuple(
        TaskSpec(f"t{i}", f"Task {i}", kind, parameters={"class_names": ("a", "b")})  # type: ignore[arg-type]
        for i, kind in enumerate(kinds)
    )
    return ProjectSpec("p", tasks=made)


def check(layout: GridLayout, spec: ProjectSpec) -> None:
    """Everything that must hold."""
    rects = [(i, card, piece) for i, card in layout.cards.items() for piece in card.pieces]
    for (one, a, (top, bottom)), (two, b, (other_top, other_bottom)) in itertools.combinations(rects, 2):
        apart = a.right <= b.x or b.right <= a.x or bottom <= other_top or other_bottom <= top
        assert apart, f"{one} lies on {two}"
    for layer in spec.network.layers:
        card = layout.cards[layer.id]
        for row in layout.rows:
            covered = any(top < row.bottom - 8 and row.top + 8 < bottom for top, bottom in card.pieces)
            if card.spot.slots == 1:
                assert covered == (row.task in layer.tasks), f"{layer.id} in the row of {row.task}"
    for connection in spec.network.connections:
        assert layout.cards[connection.source].right <= layout.cards[connection.target].x
    drawn = [w.connection for w in layout.routes.wires] + [s.connection for s in layout.routes.skips]
    assert sorted(map(str, drawn)) == sorted(map(str, spec.network.connections)), "each connection is drawn once"
    _check_wires(layout)
    assert all(card.x >= 0 and card.right <= layout.width for card in layout.cards.values())


def _check_wires(layout: GridLayout) -> None:
    """No straight line runs behind a card that it does not join."""
    scene = Scene(layout, Camera(), Frame(1200, 800))
    for wire in layout.routes.wires:
        if wire.bent:
            continue
        for _row, x1, y, x2, _y in scene.wire_lines(wire):
            for layer_id in layout.cards:
                if layer_id in (wire.connection.source, wire.connection.target):
                    continue
                for piece in scene.pieces(layer_id):
                    assert not (piece.x < x2 and x1 < piece.right and piece.y < y < piece.bottom), layer_id


@pytest.mark.parametrize("template_id", [found.id for found in templates()])
@pytest.mark.parametrize("kinds", [
    ("classification",), ("classification", "segmentation"),
    ("segmentation", "classification", "depth", "classification", "segmentation"),
    ("classification",) * 12,
])  # fmt: skip
@pytest.mark.parametrize("room", [Room(), Room(700, 400), Room(2400, 1200), Room(1200, 700, 2.0)])
def test_every_template_is_laid_out_without_overlap(template_id: str, kinds: tuple[str, ...], room: Room) -> None:
    check(lay_out(built := build(template_id, *kinds), room), built)


def build(template_id: str, *kinds: str) -> ProjectSpec:
    """A template for tasks of those types, with as many inputs as it needs."""
    chosen = template(template_id)
    spec = tasks(*kinds)
    more = tuple(InputSpec(f"input{n}", f"Input {n}", "map", 1) for n in range(2, chosen.inputs + 1))
    spec = replace(spec, inputs=(*spec.inputs, *more))
    if chosen.lacks(spec):
        pytest.skip(f"{template_id} is not for these tasks")
    return spec.with_network(chosen.build(spec))


@pytest.mark.parametrize("seed", range(6))
def test_random_edits_keep_the_layout_whole(seed: int) -> None:
    dice = random.Random(seed)
    spec = tasks("classification", "segmentation", "classification", "depth")
    spec = spec.with_network(template(dice.choice(["shared", "unet", "tree"])).build(spec))
    done = 0
    for _step in range(60):
        layer = dice.choice(spec.network.layers)
        task = dice.choice(spec.task_ids)
        try:
            spec = dice.choice([
                lambda s: share(s, layer.id, task),  # noqa: B023
                lambda s: unshare(s, layer.id, task),  # noqa: B023
                lambda s: each_its_own(s, layer.id),  # noqa: B023
                lambda s: insert_on_connection(s, dice.choice(s.network.connections), "dropout", "Drop")[0],
                lambda s: set_split_point(s, dice.randrange(len(split_positions(s)))),
                lambda s: delete_layers(s, [layer.id]) if len(s.network.layers) > 12 else s,  # noqa: B023
            ])(spec)  # fmt: skip
            done += 1
        except StudioError:
            continue
        check(lay_out(spec, Room(900, 600)), spec)
    assert done > 15


def layer(id_: str, *rows: str) -> LayerSpec:
    """A layer of some tasks."""
    return LayerSpec(id_, id_, "convolution", frozenset(rows))


def test_heads_stand_in_the_last_column_and_a_long_way_runs_straight() -> None:
    spec = tasks("classification", "classification")
    network = NetworkSpec(
        (layer("a", "t0", "t1"), layer("h0", "t0"), layer("b", "t1"), layer("c", "t1"), layer("h1", "t1")),
        (Connection("a", "h0"), Connection("a", "b"), Connection("b", "c"), Connection("c", "h1")),
        (Output("t0", "h0"), Output("t1", "h1")),
    )
    layout = lay_out(spec.with_network(network), Room(800, 400))
    assert layout.cards["h0"].x == layout.cards["h1"].x
    assert not layout.routes.skips
    assert layout.cards["a"].right < (layout.split or 0) < layout.cards["b"].x


def test_skips_are_numbered_from_the_left_and_nest() -> None:
    spec = tasks("segmentation")
    names = ["d1", "d2", "d3", "u3", "u2", "u1"]
    ways = [Connection(a, b) for a, b in itertools.pairwise(names)]
    skips = [Connection("d1", "u1", target_port="skip"), Connection("d2", "u2", target_port="skip")]
    network = NetworkSpec(tuple(layer(name, "t0") for name in names), (*ways, *skips), (Output("t0", "u1"),))
    layout = lay_out(spec.with_network(network))
    found = {skip.connection.source: skip for skip in layout.routes.skips}
    assert {source: skip.number for source, skip in found.items()} == {"d1": 1, "d2": 2}
    assert found["d1"].level > found["d2"].level, "the longer one runs below the shorter one"
    assert layout.rows[0].gutter > 20


def test_parallel_layers_of_the_same_tasks_are_stacked_in_their_span() -> None:
    spec = tasks("classification", "classification")
    branches = ("b1", "b2", "b3")
    network = NetworkSpec(
        (layer("a", "t0", "t1"), *(layer(b, "t0", "t1") for b in branches), layer("z", "t0", "t1")),
        (*(Connection("a", b) for b in branches), *(Connection(b, "z") for b in branches)),
        (Output("t0", "z"), Output("t1", "z")),
    )
    layout = lay_out(spec.with_network(network), Room(800, 500))
    check(layout, spec.with_network(network))
    assert len({layout.cards[b].spot.column for b in branches}) == 1
    assert [layout.cards[b].spot.slot for b in branches] == [0, 1, 2]
    assert len(layout.stacks) == 1


def test_a_span_that_cannot_be_in_one_piece_is_drawn_in_pieces() -> None:
    spec = tasks("classification", "classification", "classification")
    network = NetworkSpec((layer("a", "t0", "t2"), layer("b", "t1")), (), (Output("t0", "a"), Output("t1", "b")))
    layout = lay_out(spec.with_network(network), tasks=("t0", "t1", "t2"))
    assert len(layout.cards["a"].pieces) == 2
    assert len(lay_out(spec.with_network(network)).cards["a"].pieces) == 1, "left free, the rows move together"


def test_a_circle_or_nothing_at_all_is_laid_out_too() -> None:
    spec = tasks("classification")
    network = NetworkSpec((layer("a", "t0"), layer("b", "t0")), (Connection("a", "b"), Connection("b", "a")))
    layout = lay_out(spec.with_network(network))
    assert set(layout.cards) == {"a", "b"}
    assert lay_out(spec).cards == {} and lay_out(replace(spec, tasks=())).rows == ()
    lost = NetworkSpec((LayerSpec("a", "a", "convolution", frozenset({"gone"})),))
    assert set(lay_out(spec.with_network(lost)).cards) == {"a"}


def test_rows_shrink_to_the_room_but_not_below_what_can_be_read() -> None:
    spec = tasks(*["classification"] * 3)
    assert lay_out(spec, Room(800, 700)).rows[0].height == 148
    assert 52 <= lay_out(spec, Room(800, 240)).rows[0].height < 80
    many = tasks(*["classification"] * 40)
    assert lay_out(many, Room(800, 600)).rows[0].height == 28
