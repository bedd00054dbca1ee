"""Pictures of every kind are read upright as RGB; bad ones are named with what is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from mtlstudio.base.errors import StudioError
from mtlstudio.data.images import fit_image, image_size, read_image, read_picture
from mtlstudio.tasks.geometry import Fit

HEIGHT, WIDTH = 16, 24


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


def test_a_plain_picture_is_what_pillow_reads(make, pixels):
    path = make.save("a.png", Image.fromarray(pixels))
    assert np.array_equal(read_image(path), pixels)
    assert image_size(path) == (WIDTH, HEIGHT)


def test_names_may_be_chinese_and_spaced(make, pixels):
    path = make.save("数据 集/宠物 1.png", Image.fromarray(pixels))
    assert np.array_equal(read_image(path), pixels)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone_as_pillow_does(make, pixels, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = make.save(f"{orientation}.png", Image.fromarray(pixels), exif=exif)
    with Image.open(path) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.array_equal(read_image(path), expected)
    assert image_size(path) == (expected.shape[1], expected.shape[0])


def test_a_gif_gives_its_first_picture_whatever_its_name(make, pixels):
    frames = [Image.fromarray(pixels[..., i]) for i in range(2)]
    path = make.save("a.jpg", frames[0], format="GIF", save_all=True, append_images=frames[1:])
    assert np.array_equal(read_image(path), np.repeat(pixels[..., :1], 3, axis=2))


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr", "HSV"])
def test_other_modes_become_what_pillow_converts_them_to(make, pixels, mode):
    image = Image.fromarray(pixels).convert(mode)
    path = make.save("a.tif" if mode != "HSV" else "a.png", image if mode != "HSV" else image.convert("RGB"))
    with Image.open(path) as opened:
        expected = np.asarray(opened.convert("RGB"))
    assert np.array_equal(read_image(path), expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_laid_on_white(make, mode):
    image = Image.new("RGBA", (2, 1), (10, 10, 10, 255))
    image.putpixel((1, 0), (10, 10, 10, 0))
    assert read_image(make.save("a.png", image.convert(mode))).tolist() == [[[10] * 3, [255] * 3]]


def test_a_transparent_palette_colour_is_laid_on_white(make):
    image = Image.new("P", (2, 1), 0)
    image.putpalette([9, 9, 9, 200, 0, 0])
    image.putpixel((1, 0), 1)
    assert read_image(make.save("a.png", image, transparency=0)).tolist() == [[[255] * 3, [200, 0, 0]]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 255], [0, 255]),
        ([0, 1023], [0, 255]),
        ([0, 4095, 2048], [0, 255, 128]),
        ([0, 65535, 32768], [0, 255, 128]),
    ],
)
def test_16_bit_grey_is_scaled_by_the_bits_it_needs(make, values, expected):
    path = make.save("a.png", Image.fromarray(np.array([values], np.uint16)))
    assert read_image(path)[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.0, 1.0], [0, 255]), ([0.0, 200.0], [0, 200]), ([-1.0, 1.0], [0, 255]), ([float("nan"), 1.0], [0, 255])],
)
def test_floating_point_is_scaled_by_its_range(make, values, expected):
    path = make.save("a.tif", Image.fromarray(np.array([values], np.float32)))
    assert read_image(path)[0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.jpg", b"", "empty"),
        ("words.jpg", b"<html>not a picture</html>", "no picture"),
        ("gone.jpg", None, "missing"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path: Path, name, content, words):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudioError) as caught:
        read_image(path)
    assert name in caught.value.text() and words in caught.value.text()


@pytest.mark.parametrize("ending", ["jpg", "png", "gif", "tif", "bmp", "webp"])
def test_a_picture_cut_short_is_named(make, ending):
    smooth = np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)
    path = make.save(f"a.{ending}", Image.fromarray(smooth))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(StudioError) as caught:
        read_image(path)
    assert f"a.{ending}" in caught.value.text()


def test_a_decompression_bomb_is_refused_before_it_is_decoded(make, monkeypatch):
    monkeypatch.setattr("mtlstudio.data.images.MAX_PIXELS", 100)
    path = make.picture("a.png", (20, 20))
    with pytest.raises(StudioError, match="too large"):
        read_image(path)


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(StudioError):
        read_image(tmp_path)


def test_a_large_jpeg_is_read_smaller_but_not_too_small(make):
    smooth = np.linspace(0, 255, 640 * 480 * 3).reshape(480, 640, 3).astype(np.uint8)
    path = make.save("a.jpg", Image.fromarray(smooth), quality=95)
    picture = read_picture(path, 100)
    assert (picture.width, picture.height) == (640, 480)
    assert picture.image.shape == (120, 160, 3)
    assert (
        np.abs(
            fit_image(picture.image, Fit(640, 480, 32)).astype(int) - fit_image(read_image(path), Fit(640, 480, 32))
        ).max()
        <= 4
    )


def test_stretch_is_what_pillow_resizes_to(pixels):
    expected = np.asarray(Image.fromarray(pixels).resize((8, 8), Image.Resampling.BILINEAR))
    assert np.array_equal(fit_image(pixels, Fit(WIDTH, HEIGHT, 8)), expected)


def test_letterbox_shows_all_of_the_picture_between_bars():
    white = np.full((10, 20, 3), 255, np.uint8)
    square = fit_image(white, Fit(20, 10, 8, "letterbox"))
    assert (square[2:6] == 255).all() and (square[:2] != 255).all() and (square[6:] != 255).all()


def test_crop_takes_the_middle():
    image = np.zeros((10, 20, 3), np.uint8)
    image[:, 5:15] = 255
    assert (fit_image(image, Fit(20, 10, 10, "crop")) == 255).all()


def test_a_single_pixel_becomes_a_square():
    assert fit_image(np.full((1, 1, 3), 7, np.uint8), Fit(1, 1, 4, "letterbox")).tolist() == [[[7] * 3] * 4] * 4
