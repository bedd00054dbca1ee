"""The relatedness of signals A and B is what the dial says, and both can be read off the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from mtlstudio.data.scenes import Latents, SceneDials, generate, true_relatedness
from mtlstudio.data.scenes.relatedness import signals


@pytest.mark.parametrize("relatedness", [0.0, 0.3, 0.7, 1.0])
def test_measured_correlation_is_the_stated_one(relatedness: float) -> None:
    dials = SceneDials(relatedness=relatedness)
    both = np.array([signals(dials, Latents.of(dials, index)) for index in range(4000)])
    measured = np.corrcoef(both[:, 0], both[:, 1])[0, 1]
    assert measured == pytest.approx(true_relatedness(dials), abs=4 * (1 - relatedness**2) / np.sqrt(4000) + 1e-9)
    assert both.mean(axis=0) == pytest.approx(0, abs=0.07)
    assert both.std(axis=0) == pytest.approx(1, abs=0.03)


def test_the_ground_is_the_same_whatever_the_relatedness() -> None:
    apart, akin = (generate(SceneDials(count=3, size=32, relatedness=value)) for value in (0.0, 1.0))
    assert np.array_equal(apart.images, akin.images)
    assert np.array_equal(akin.targets["signal_a"], akin.targets["signal_b"])
    assert not np.array_equal(apart.targets["signal_a"], apart.targets["signal_b"])


def stripe_features(image: np.ndarray) -> list[float]:
    """How much the lightness changes from left to right, and from top to bottom."""
    smooth = np.asarray(Image.fromarray(image).convert("L").filter(ImageFilter.GaussianBlur(1.5)), dtype=float)
    across, down = (np.abs(np.diff(smooth, axis=axis)) for axis in (1, 0))
    x, y = np.median(across), np.median(down)
    lean = x / (x + y)
    return [lean, lean**2, lean**3]


def colour_features(image: np.ndarray) -> list[float]:
    """The commonest colour: how red and how blue it is for its lightness."""
    red, green, blue = np.median(image.reshape(-1, 3), axis=0)
    return [red / green, blue / green, red / blue]


def explained(features: np.ndarray, signal: np.ndarray) -> float:
    """R² on the second half of a least-squares fit to the first half."""
    half = len(signal) // 2
    design = np.column_stack([features, np.ones(len(features))])
    fit = np.linalg.lstsq(design[:half], signal[:half], rcond=None)[0]
    rest = signal[half:]
    return float(1 - np.mean((design[half:] @ fit - rest) ** 2) / np.var(rest))


def test_each_signal_needs_the_features_the_truth_names() -> None:
    arrays = generate(SceneDials(count=240, size=64, relatedness=0.0))
    stripes = np.array([stripe_features(image) for image in arrays.images])
    colour = np.array([colour_features(image) for image in arrays.images])
    signal_a, signal_b = arrays.targets["signal_a"][:, 0], arrays.targets["signal_b"][:, 0]
    assert explained(stripes, signal_a) > 0.7
    assert explained(colour, signal_b) > 0.8
    assert explained(colour, signal_a) < 0.1
    assert explained(stripes, signal_b) < 0.1


def test_signals_survive_mirroring() -> None:
    arrays = generate(SceneDials(count=100, size=64, clutter=0, max_shapes=1))
    features = np.array([stripe_features(image) for image in arrays.images])
    mirrored = np.array([stripe_features(np.ascontiguousarray(image[:, ::-1])) for image in arrays.images])
    assert np.allclose(features, mirrored, atol=0.05)
