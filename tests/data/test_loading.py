"""Sets in memory and on disk, and the batches made of them."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mtlstudio.base.errors import StudioError
from mtlstudio.data import memory
from mtlstudio.data.loading import Batches, ahead, image_statistics
from mtlstudio.data.memory import DiskSet, LoadingCancelled, MemorySet, load_split
from mtlstudio.data.project import ProjectData, open_data
from mtlstudio.data.propose import propose
from mtlstudio.project.settings import DataSettings
from mtlstudio.tasks.registry import bind_all

SETTINGS = DataSettings(image_size=16)


@pytest.fixture(autouse=True)
def _nothing_kept():
    memory.forget()
    yield
    memory.forget()


@pytest.fixture
def data(make, tmp_path) -> ProjectData:
    """30 pictures, every third without its mask."""
    for i in range(30):
        make.picture(f"images/{i}.png", (24, 16), seed=i)
        if i % 3:
            make.mask(f"masks/{i}.png", [0, 1])
    return open_data(propose("p", [make.root], tmp_path / "p"), tmp_path / "p")


def loaded(data: ProjectData, split: str = "train", settings: DataSettings = SETTINGS, **options):
    return load_split(data, split, bind_all(data.spec), settings, **options)


def batches(data: ProjectData, samples, settings: DataSettings = SETTINGS, **options) -> Batches:
    arguments = {"batch_size": 4, "seed": 1, "augment": True, "shuffle": True, **options}
    return Batches(samples, bind_all(data.spec), settings, **arguments)


def test_a_set_holds_every_picture_and_only_the_targets_there_are(data):
    samples = loaded(data)
    assert isinstance(samples, MemorySet) and samples.images.shape == (len(data.items("train")), 3, 16, 16)
    assert samples.images.dtype == torch.uint8 and samples.findings == []
    expected = [int(item.key.rpartition("/")[2]) % 3 > 0 for item in samples.items]
    assert samples.present["mask"].tolist() == expected
    assert [value is not None for value in samples.targets["mask"]] == expected


def test_pictures_are_pillows_at_the_size_asked_for(data):
    samples = loaded(data)
    with Image.open(samples.items[3].sample.path) as image:
        expected = np.asarray(image.resize((16, 16), Image.Resampling.BILINEAR))
    assert np.array_equal(samples.images[3].permute(1, 2, 0).numpy(), expected)


def test_unreadable_pictures_are_left_out_and_named_the_rest_is_read(data, codes):
    count = len(data.items("train"))
    broken = data.items("train")[2].sample.path
    broken.write_bytes(broken.read_bytes()[:200])
    masked = next(item for item in data.items("train") if item.sample.present and item.sample.path != broken)
    Path(masked.sample.extra["mask"]).write_bytes(b"")
    samples = loaded(data)
    assert len(samples) == count - 1 and broken not in {item.sample.path for item in samples.items}
    assert sorted(codes(samples.findings)) == ["data.target_unreadable", "data.unreadable"]
    assert any(broken.name in problem.line() for problem in samples.findings)
    place = [item.key for item in samples.items].index(masked.key)
    assert not samples.present["mask"][place]


def test_where_no_picture_can_be_read_it_says_so(data):
    for item in data.items("val"):
        item.sample.path.write_bytes(b"")
    with pytest.raises(StudioError, match="none of the"):
        loaded(data, "val")


def test_an_empty_split_is_an_empty_set_but_for_training(data):
    none = replace(data.spec, data=replace(data.spec.data, test_fraction=0.0))
    emptied = ProjectData(none, data.sources, ())
    samples = load_split(emptied, "test", bind_all(none), SETTINGS)
    assert len(samples) == 0 and list(batches(emptied, samples).epoch(0)) == []


def test_progress_is_told_and_loading_can_be_cancelled(data):
    told = []
    loaded(data, progress=lambda done, total: told.append((done, total)))
    assert told == [(i + 1, len(data.items("train"))) for i in range(len(data.items("train")))]
    memory.forget()
    with pytest.raises(LoadingCancelled):
        loaded(data, cancelled=lambda: True)


def test_a_set_is_kept_until_data_or_settings_change(data):
    first = loaded(data)
    assert loaded(data) is first
    assert loaded(data, settings=replace(SETTINGS, image_size=8)) is not first
    path = data.items("train")[0].sample.path
    path.write_bytes(path.read_bytes())
    import os

    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10**10))
    assert loaded(data) is not first


def test_a_set_on_disk_makes_the_same_batches_as_one_in_memory(data):
    in_memory, on_disk = loaded(data), loaded(data, budget=0)
    assert isinstance(on_disk, DiskSet) and on_disk.findings == []
    for one, other in zip(batches(data, in_memory).epoch(3), batches(data, on_disk).epoch(3), strict=True):
        assert torch.equal(one.inputs["image"], other.inputs["image"]) and one.keys == other.keys
        assert torch.equal(one.targets["mask"], other.targets["mask"])
        assert torch.equal(one.present["mask"], other.present["mask"])


def test_an_unreadable_picture_on_disk_is_grey_without_targets_and_named_once(data):
    broken = data.items("train")[0].sample.path
    broken.write_bytes(b"")
    samples = loaded(data, budget=0)
    for epoch in range(2):
        for batch in batches(data, samples, augment=False).epoch(epoch):
            for i, key in enumerate(batch.keys):
                if key == samples.items[0].key:
                    assert not batch.present["mask"][i] and (batch.inputs["image"][i] == 128 / 255).all()
    assert [problem.code for problem in samples.findings] == ["data.unreadable"]


def test_every_epoch_has_every_sample_once_in_another_order(data):
    made = batches(data, loaded(data))
    orders = [[key for batch in made.epoch(epoch) for key in batch.keys] for epoch in range(2)]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(made.samples.keys) and orders[0] != orders[1]
    assert [key for batch in made.epoch(0) for key in batch.keys] == orders[0]


def test_an_epoch_goes_on_where_it_was_left(data):
    made = batches(data, loaded(data))
    whole, rest = list(made.epoch(4)), list(made.epoch(4, start=2))
    assert [batch.keys for batch in rest] == [batch.keys for batch in whole[2:]]
    assert all(torch.equal(a.inputs["image"], b.inputs["image"]) for a, b in zip(rest, whole[2:], strict=True))


def test_a_sample_looks_the_same_whatever_the_batch_size_and_the_threads(data):
    samples = loaded(data)

    def seen(**options: int) -> dict[str, torch.Tensor]:
        made = batches(data, samples, **options).epoch(1)
        return {key: image for batch in made for key, image in zip(batch.keys, batch.inputs["image"], strict=True)}

    few, many = seen(batch_size=3), seen(batch_size=9, prefetch=2)
    assert few.keys() == many.keys() and all(torch.equal(few[key], many[key]) for key in few)


def test_masks_turn_with_their_pictures(make, tmp_path):
    for i in range(8):
        left = 4 * (i % 3)
        picture = np.zeros((16, 16, 3), np.uint8)
        picture[:, left : left + 5] = 255
        make.save(f"images/{i}.png", Image.fromarray(picture))
        make.save(f"masks/{i}.png", Image.fromarray(picture[..., 0] // 255))
    project = open_data(propose("p", [make.root], tmp_path / "p"), tmp_path / "p")
    settings = replace(SETTINGS, colour=0.0, crop_scale=0.4, flip_vertical=0.5)
    made = batches(project, loaded(project, settings=settings), settings)
    for epoch in range(4):
        for batch in made.epoch(epoch):
            bright, pet = batch.inputs["image"].mean(dim=1), batch.targets["mask"].float()
            assert ((bright > 0.5) == (pet == 1)).float().mean() > 0.93
            assert ((bright < 0.02) & (pet == 1)).sum() == 0


def test_missing_targets_are_blank_and_not_present(data):
    made = batches(data, loaded(data), augment=False, shuffle=False)
    blank = bind_all(data.spec)["mask"].blank(16)
    for batch in made.epoch(0):
        for target, present, key in zip(batch.targets["mask"], batch.present["mask"], batch.keys, strict=True):
            assert bool(present) == (int(key.rpartition("/")[2]) % 3 > 0)
            assert torch.equal(target, blank) != bool(present)


def test_pictures_are_standardised_with_the_training_pictures_statistics(data):
    samples = loaded(data)
    mean, std = image_statistics(samples)
    pixels = samples.images.double() / 255
    assert torch.allclose(torch.tensor(mean, dtype=torch.float64), pixels.mean(dim=(0, 2, 3)), atol=1e-6)
    assert torch.allclose(torch.tensor(std, dtype=torch.float64), pixels.std(dim=(0, 2, 3), correction=0), atol=1e-6)
    made = batches(data, samples, augment=False, mean=mean, std=std)
    everything = torch.cat([batch.inputs["image"] for batch in made.epoch(0)])
    assert everything.mean(dim=(0, 2, 3)).abs().max() < 1e-4 and (everything.std(dim=(0, 2, 3)) - 1).abs().max() < 1e-2
    assert image_statistics(samples, "none") == ((0, 0, 0), (1, 1, 1))
    assert image_statistics(samples, "imagenet")[0] == (0.485, 0.456, 0.406)


def test_one_plain_picture_has_finite_statistics_and_a_batch(make, tmp_path):
    make.save("images/1.png", Image.new("RGB", (20, 20), (90, 90, 90)))
    make.mask("masks/1.png", [0, 1], (20, 20))
    project = open_data(propose("p", [make.root], tmp_path / "p"), tmp_path / "p")
    samples = loaded(project)
    mean, std = image_statistics(samples)
    (batch,) = batches(project, samples, batch_size=64, mean=mean, std=std).epoch(0)
    assert len(batch) == 1 and torch.isfinite(batch.inputs["image"]).all()


@pytest.mark.parametrize(("count", "size", "shuffle", "lengths"), [
    (9, 4, True, [4, 5]), (9, 4, False, [4, 4, 1]), (3, 1, True, [1, 1, 1]), (2, 8, True, [2]), (1, 4, True, [1]),
])  # fmt: skip
def test_a_last_training_batch_of_one_joins_the_one_before(data, count, size, shuffle, lengths):
    whole = loaded(data)
    part = MemorySet(whole.items[:count], 16, whole.images[:count], {"mask": whole.targets["mask"][:count]}, [])
    made = batches(data, part, batch_size=size, shuffle=shuffle)
    assert [len(batch) for batch in made.epoch(0)] == lengths and len(made) == len(lengths)


def test_a_thread_ahead_gives_the_same_and_ends_with_the_reader():
    assert list(ahead(iter(range(100)), 3)) == list(range(100))
    endless = ahead(iter(int, 1), 2)
    next(endless)
    endless.close()
    assert not any(thread.name == "prefetch" for thread in threading.enumerate())


def test_what_goes_wrong_ahead_is_raised_where_it_is_read():
    def faulty():
        yield 1
        raise StudioError("broken")

    made = ahead(faulty(), 2)
    assert next(made) == 1
    with pytest.raises(StudioError, match="broken"):
        next(made)
    assert not any(thread.name == "prefetch" for thread in threading.enumerate())


def test_the_pets_are_loaded_whole(pets, tmp_path):
    spec = propose("pets", [pets], tmp_path / "p")
    project = open_data(spec, tmp_path / "p")
    samples = load_split(project, "val", bind_all(spec), replace(spec.data, image_size=32))
    assert len(samples) == 45 and samples.findings == []
    found = {task: int(present.sum()) for task, present in samples.present.items()}
    assert found == {task: counts["val"] for task, counts in project.coverage().items()}
