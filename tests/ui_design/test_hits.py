"""What lies under the pointer."""

from __future__ import annotations

import pytest

from mtlstudio.project.spec import Connection, ProjectSpec
from mtlstudio.ui.design.camera import Camera
from mtlstudio.ui.design.geometry import Point, Rect
from mtlstudio.ui.design.hits import cards_in, connection_at, hit, weight_at
from mtlstudio.ui.design.layout import Room, lay_out
from mtlstudio.ui.design.navigation import neighbour
from mtlstudio.ui.design.scene import Frame, Scene


@pytest.fixture
def scene(pets_spec: ProjectSpec) -> Scene:
    frame = Frame(1000, 640)
    return Scene(lay_out(pets_spec, Room(frame.main.w, frame.main.h)), Camera(), frame)


def test_every_card_is_hit_in_its_middle(scene: Scene) -> None:
    for layer_id in scene.layout.cards:
        rect = scene.card(layer_id)
        assert hit(scene, Point(rect.x + rect.w / 2, rect.y + rect.h * 0.4)).layer == layer_id


def test_both_edges_of_a_card_are_handles(scene: Scene) -> None:
    for side in ("lower", "upper"):
        found = hit(scene, scene.edge("stage4", side).centre)
        assert (found.kind, found.layer, found.side) == ("edge", "stage4", side)


def test_the_rest_is_found_where_it_is_drawn(scene: Scene) -> None:
    split = scene.split()
    assert split is not None and hit(scene, split.centre).kind == "split"
    track = scene.slider(1)
    assert track is not None and hit(scene, track.centre).kind == "slider" and hit(scene, track.centre).row == 1
    header = scene.header(2)
    assert hit(scene, Point(20, header.y + 10)).kind == "name"
    assert hit(scene, Point(20, header.bottom - 10)).kind == "header"
    way = Connection("pool_breed", "head_breed")
    at = scene.plus(way)
    assert at is not None and hit(scene, at).kind == "plus" and hit(scene, at).connection == way
    assert hit(scene, Point(at.x - 40, at.y)).kind == "wire"
    assert hit(scene, Point(990, 630)).kind == "nothing"
    skip = scene.layout.routes.skips[0]
    tap = scene.tap(skip.connection.source, skip.row, skip.source_place)
    assert hit(scene, tap.centre).kind == "tap"


def test_taps_lie_inside_their_cards(scene: Scene) -> None:
    for skip in scene.layout.routes.skips:
        for layer_id, place in (
            (skip.connection.source, skip.source_place),
            (skip.connection.target, skip.target_place),
        ):
            tap, card = scene.tap(layer_id, skip.row, place), scene.whole(layer_id)
            assert card.x <= tap.x and tap.right <= card.right and card.y <= tap.y and tap.bottom <= card.bottom


def test_a_drop_finds_the_nearest_connection(scene: Scene) -> None:
    way = Connection("stage1", "stage2")
    at = scene.plus(way)
    assert at is not None
    assert connection_at(scene, Point(at.x, at.y + 12)) == way
    assert connection_at(scene, Point(990, 630)) is None


def test_a_band_takes_what_it_touches(scene: Scene) -> None:
    rect = scene.card("up2")
    assert cards_in(scene, Rect(rect.x + 5, rect.y + 5, 10, 10)) == ["up2"]


def test_weights_run_from_nothing_to_the_end_of_the_track() -> None:
    track = Rect(100, 0, 200, 18)
    assert weight_at(track, 0, 2.0) == 0.0
    assert weight_at(track, 200, 2.0) == 1.0
    assert weight_at(track, 999, 2.0) == 2.0


def test_every_card_can_be_reached_with_the_arrows(scene: Scene) -> None:
    seen, waiting = set(), [neighbour(scene.layout, "", "right")]
    while waiting:
        layer_id = waiting.pop()
        if layer_id and layer_id not in seen:
            seen.add(layer_id)
            waiting += [neighbour(scene.layout, layer_id, way) for way in ("left", "right", "up", "down")]
    assert seen == set(scene.layout.cards)
