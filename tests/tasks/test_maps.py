"""Maps on their way between picture and square, and what dense types do with them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from mtlstudio.base.errors import StudioError
from mtlstudio.base.frozen import FrozenDict
from mtlstudio.data.images import fit_image
from mtlstudio.project.spec import TaskSpec
from mtlstudio.tasks import maps
from mtlstudio.tasks.geometry import Fit
from mtlstudio.tasks.predictions import IndexMap, MapPrediction, MaskPrediction, ScalarMap
from mtlstudio.tasks.registry import bind

MODES = ["stretch", "letterbox", "crop"]


def _segmentation(*names: str, **parameters: Any) -> Any:
    return bind(TaskSpec("t", "T", "segmentation", "#123456", FrozenDict(parameters, class_names=names)))


def _depth(statistics: dict[str, Any] | None = None, **parameters: Any) -> Any:
    return bind(TaskSpec("t", "T", "depth", parameters=FrozenDict(parameters)), statistics)


@pytest.mark.parametrize("shape", [(20, 30), (64, 64), (200, 77), (1, 1)])
def test_stretching_is_torchs_exact_nearest_neighbour(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).integers(0, 200, shape).astype(np.uint8)
    square = maps.to_square(values, Fit(shape[1], shape[0], 64), 255)
    theirs = functional.interpolate(torch.from_numpy(values)[None, None], size=(64, 64), mode="nearest-exact")
    assert np.array_equal(square, theirs[0, 0].numpy())


@pytest.mark.parametrize(("width", "height"), [(40, 20), (20, 40), (40, 40)])
def test_a_letterbox_has_bars_and_a_crop_has_not(width: int, height: int) -> None:
    values = np.ones((height, width), np.uint8)
    boxed = maps.to_square(values, Fit(width, height, 40, "letterbox"), 255)
    bars = (40 - height) // 2, (40 - width) // 2
    assert np.array_equal(np.pad(values, [(bars[0],) * 2, (bars[1],) * 2], constant_values=255), boxed)
    assert (maps.to_square(values, Fit(width, height, 40, "crop"), 255) == 1).all()


@given(st.integers(2, 90), st.integers(2, 90))
@settings(max_examples=30, deadline=None)
def test_a_letterboxed_mask_lies_where_the_letterboxed_picture_lies(width: int, height: int) -> None:
    """The corners of what is not ignored are those of the picture that is pasted between bars of whole pixels."""
    fit = Fit(width, height, 32, "letterbox")
    left, top, inner_width, inner_height = fit.inner()
    mask = np.arange(width * height, dtype=np.int64).reshape(height, width)
    square = maps.to_square(mask, fit, -1)
    inside = square[top : top + inner_height, left : left + inner_width]
    theirs = functional.interpolate(
        torch.from_numpy(mask).double()[None, None], size=(inner_height, inner_width), mode="nearest-exact"
    )[0, 0]
    # On the very edge of two pixels torch's float32 may fall to either side.
    sure = np.ix_(
        *((2 * np.arange(own) + 1) * of % (2 * own) != 0 for own, of in ((inner_height, height), (inner_width, width)))
    )
    assert np.array_equal(inside[sure], theirs.numpy()[sure]) and (square >= 0).sum() == inside.size
    assert max(inner_width, inner_height) == 32


@pytest.mark.parametrize(("width", "height"), [(50, 33), (33, 50), (7, 90), (640, 479)])
def test_pictures_and_masks_have_the_same_bars(width: int, height: int) -> None:
    fit = Fit(width, height, 64, "letterbox")
    picture = fit_image(np.full((height, width, 3), 255, np.uint8), fit)
    mask = maps.to_square(np.ones((height, width), np.uint8), fit, 0)
    assert np.array_equal((picture == 255).all(2), mask == 1)


def test_a_crop_takes_the_centre() -> None:
    values = np.arange(6, dtype=np.uint8)[None].repeat(2, 0)
    assert maps.to_square(values, Fit(6, 2, 2, "crop"), 255).tolist() == [[2, 3], [2, 3]]


def test_a_mask_of_another_resolution_covers_the_whole_picture() -> None:
    values = np.array([[0, 1], [2, 3]], np.uint8)
    assert np.array_equal(maps.to_square(values, Fit(100, 100, 4), 255), values.repeat(2, 0).repeat(2, 1))
    assert np.array_equal(maps.to_picture(values, Fit(6, 4, 32)), values.repeat(2, 0).repeat(3, 1))


@pytest.mark.parametrize(("width", "height"), [(50, 40), (16, 16), (7, 90)])
def test_outputs_are_stretched_as_torch_interpolates(width: int, height: int) -> None:
    output = torch.randn((1, 3, 16, 16))
    theirs = functional.interpolate(output, size=(height, width), mode="bilinear", align_corners=False)
    mine = maps.output_to_picture(output, Fit(width, height, 16))
    assert torch.allclose(mine, theirs, atol=1e-5)


@given(st.integers(20, 80), st.integers(20, 80), st.sampled_from(MODES))
@settings(max_examples=40, deadline=None)
def test_a_plane_comes_back_as_a_plane(width: int, height: int, mode: str) -> None:
    """Bilinear interpolation keeps linear functions, so every pixel can be told where it was."""
    fit = Fit(width, height, 32, mode)
    steps = (torch.arange(32) + 0.5) / 32
    left, top, span_x, span_y = fit.source_box()
    plane = torch.stack([(left + steps * span_x).expand(32, 32), (top + steps * span_y).expand(32, 32).T])[None]
    found = maps.output_to_picture(plane, fit)
    x, y = torch.arange(width) + 0.5, torch.arange(height) + 0.5
    for axis, true in ((0, x.expand(height, width)), (1, y[:, None].expand(height, width))):
        low, high = float(plane[0, axis].min()), float(plane[0, axis].max())
        assert torch.allclose(found[0, axis], true.clamp(low, high), atol=1e-3)


@pytest.mark.parametrize("mode", MODES)
def test_smooth_masks_come_back_at_the_pictures_own_size(mode: str) -> None:
    task, fit = _segmentation("background", "disc"), Fit(120, 90, 64, mode)
    y, x = np.mgrid[:90, :120]
    disc = ((x - 60) ** 2 + (y - 45) ** 2 < 30**2).astype(np.uint8)
    encoded = task.encode(disc, fit).long()
    output = functional.one_hot(encoded.clamp(max=1), 2).permute(2, 0, 1)[None].float()
    prediction = task.decode(task.to_size(output, fit), fit)
    assert prediction.indices.shape == (90, 120) and prediction.indices.dtype == np.uint8
    overlap = (prediction.indices & disc).sum() / (prediction.indices | disc).sum()
    assert overlap > 0.93


@pytest.mark.parametrize("strip", [1, 2**18])
def test_confidence_is_the_softmax_of_the_winner(monkeypatch: pytest.MonkeyPatch, strip: int) -> None:
    monkeypatch.setattr(maps, "_STRIP", strip)
    task, output = _segmentation("a", "b", "c"), torch.randn((1, 3, 8, 8))
    prediction = task.decode(output, Fit(8, 8, 8))
    assert np.allclose(prediction.confidence, output.softmax(1).max(1).values[0].numpy(), atol=1e-6)
    assert np.array_equal(prediction.indices, output.argmax(1)[0].numpy())


@pytest.mark.parametrize(
    ("mask", "found"), [(np.full((4, 4), 3, np.uint8), "3"), (np.full((4, 4), -1, np.int16), "-1")]
)  # fmt: skip
def test_values_outside_the_classes_are_named(mask: np.ndarray, found: str) -> None:
    with pytest.raises(StudioError, match=found):
        _segmentation("a", "b", "c").encode(mask, Fit(4, 4, 4))


def test_a_single_wrong_pixel_is_found_even_where_resizing_skips_it() -> None:
    mask = np.zeros((400, 400), np.uint8)
    mask[3, 5] = 77
    with pytest.raises(StudioError, match="77"):
        _segmentation("a", "b").encode(mask, Fit(400, 400, 8))


@pytest.mark.parametrize(
    "mask", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)]
)
def test_what_is_no_mask_is_refused(mask: np.ndarray) -> None:
    with pytest.raises(StudioError):
        _segmentation("a", "b").encode(mask, Fit(4, 4, 4))


def test_many_classes_take_sixteen_bits() -> None:
    task = _segmentation(*(f"c{index}" for index in range(300)), ignore_index=65535)
    mask = np.array([[0, 299], [65535, 256]], np.uint16)
    encoded = task.encode(mask, Fit(2, 2, 2))
    assert encoded.dtype == torch.int32 and encoded.tolist() == mask.tolist()
    truth = task.truth(mask, Fit(2, 2, 2))
    assert truth.indices.dtype == np.uint16 and task.at(truth, 1, 0) == "c299" and task.at(truth, 0, 1) == "no truth"
    output = functional.one_hot(encoded.long().clamp(max=299), 300).permute(2, 0, 1)[None].float()
    dense, meaning = task.dense(task.decode(output, Fit(2, 2, 2)))
    assert dense.dtype == np.uint16 and dense[0, 1] == 299 and meaning == {}


def test_masks_without_a_known_pixel_are_missing() -> None:
    task, mask = _segmentation("a", "b"), np.full((4, 4), 255, np.uint8)
    assert task.encode(mask, Fit(4, 4, 4)) is None and task.truth(mask, Fit(4, 4, 4)) is None
    mask[0, 0] = 1
    assert task.encode(mask, Fit(4, 4, 4)) is not None


def test_shares_do_not_count_pixels_without_truth() -> None:
    task = _segmentation("background", "cat")
    truth = task.truth(np.array([[0, 0, 0, 1], [255] * 4], np.uint8), Fit(4, 2, 4))
    assert task.columns(truth) == {"shares": {"background": 0.75, "cat": 0.25}}
    assert [(row.label, row.value) for row in task.rows(truth)] == [
        ("background", "75.0%"), ("cat", "25.0%"), ("No truth", "50.0%")
    ]  # fmt: skip
    assert task.summary(truth) == "cat 25.0%"
    painting = task.paint(truth)
    assert isinstance(painting, IndexMap)
    assert painting.colours == (None, "#123456") and painting.highlight == 255


def test_a_prediction_of_nothing_but_background_says_so() -> None:
    task = _segmentation("background", "cat")
    assert task.summary(MaskPrediction(np.zeros((2, 2), np.uint8))) == "background 100%"


def test_evaluation_counts_all_of_the_picture_also_where_a_centre_crop_sees_a_part() -> None:
    task, fit = _segmentation("a", "b"), Fit(60, 20, 16, "crop")
    mask = np.random.default_rng(0).integers(0, 2, (20, 60)).astype(np.uint8)
    full = task.full_target(mask, fit)
    assert np.array_equal(full.numpy(), mask)
    assert task.to_size(torch.randn((1, 2, 16, 16)), fit).shape == (1, 2, 20, 60)


def test_an_output_of_another_size_is_an_error_not_a_broadcast() -> None:
    target, present = torch.zeros((1, 8, 8), dtype=torch.uint8), torch.tensor([True])
    with pytest.raises(ValueError, match="4"):
        _segmentation("a", "b").loss(torch.zeros((1, 2, 4, 4)), target, present)


def test_balanced_weights_follow_the_pixels() -> None:
    spec = TaskSpec("t", "T", "segmentation", parameters=FrozenDict(class_names=("a", "b", "c")))
    task = _segmentation("a", "b", "c")
    target = task.encode(np.array([[0, 0, 0, 1]] * 4, np.uint8), Fit(4, 4, 4))
    bound = task.type.bind(spec, task.type.statistics(spec, [target]))
    assert bound.class_weights() == pytest.approx([16 / (2 * 12), 16 / (2 * 4), 1.0])


def test_depth_beyond_the_limits_is_unknown() -> None:
    raw = np.array([[0.0, -1, np.nan, np.inf], [0.4, 1, 10, 11]])
    target = _depth(minimum=0.5, maximum=10.0).encode(raw, Fit(4, 2, 4, "letterbox"))
    known = target[target.isfinite()]
    assert sorted(known.tolist()) == [1, 10]


def test_depth_is_never_zero_or_negative() -> None:
    task = _depth({"mean": 2.0, "std": 1.0})
    prediction = task.decode(torch.full((1, 1, 4, 4), -100.0), Fit(4, 4, 4))
    assert (prediction.values > 0).all()


@pytest.mark.parametrize("high", [0.02, 9.0, 70000.0])
def test_saved_depth_comes_back(high: float) -> None:
    task, depths = _depth(), np.linspace(high / 50, high, 64, dtype=np.float32).reshape(8, 8)
    depths[0, 0] = np.nan
    dense, meaning = task.dense(task.truth(depths, Fit(8, 8, 8)))
    assert dense.dtype == np.uint16 and dense[0, 0] == 0 and (dense.ravel()[1:] > 0).all()
    assert np.allclose(dense * meaning["scale"], np.nan_to_num(depths), rtol=1e-3)


def test_the_nearest_depths_are_not_saved_as_unknown() -> None:
    task = _depth()
    dense, _ = task.dense(task.truth(np.array([[1e-4, 80.0]]), Fit(2, 1, 2)))
    assert dense.tolist() == [[1, 65535]]


def test_a_map_without_a_known_pixel_is_not_painted() -> None:
    task = _depth()
    nothing = MapPrediction(np.full((2, 2), np.nan, np.float32))
    assert task.paint(nothing) is None and task.columns(nothing)["mean"] is None and task.dense(nothing)[0].max() == 0


def test_depth_is_painted_from_nearest_to_farthest() -> None:
    task = _depth(unit="mm")
    truth = task.truth(np.array([[1, 0], [4, 2]]), Fit(2, 2, 2))
    painting = task.paint(truth)
    assert isinstance(painting, ScalarMap)
    assert (painting.low, painting.high, painting.unit) == (1, 4, "mm")
    assert task.at(truth, 0, 1) == "4 mm" and task.at(truth, 1, 0) == "no truth"
    assert task.summary(truth) == "1 … 4 mm"
