"""What a project without data is proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.cli.main import main
from mtlstudio.data.project import open_data
from mtlstudio.data.propose import SAMPLES, propose
from mtlstudio.network.templates.registry import template, templates
from mtlstudio.project import files


def test_rgbd_has_depth_as_an_input_and_not_as_a_task(tmp_path: Path) -> None:
    spec = propose("p", [], tmp_path, "rgbd")
    assert [(item.id, item.type, item.channels) for item in spec.inputs] == [("image", "image", 3), ("depth", "map", 1)]
    assert "depth" not in spec.task_ids and "depth" not in spec.datasets[0].targets
    assert dict(spec.datasets[0].inputs) == {"depth": "depth"}
    assert open_data(spec, tmp_path).findings == ()


def test_autoencoder_has_the_picture_as_one_more_task(tmp_path: Path) -> None:
    spec, plain = propose("p", [], tmp_path, "autoencoder"), propose("p", [], tmp_path)
    assert spec.task_ids == (*plain.task_ids, "reconstruction")
    data = open_data(spec, tmp_path)
    assert data.findings == () and "reconstruction" in data.present(data.all_items[0])


def test_digits_are_never_mirrored_nor_cut(tmp_path: Path) -> None:
    spec = propose("p", [], tmp_path, "digits")
    assert [task.type for task in spec.tasks] == ["sequence", "regression", "classification"]
    assert (spec.data.flip_horizontal, spec.data.flip_vertical, spec.data.crop_scale) == (0, 0, 1)
    assert open_data(spec, tmp_path).findings == ()


def test_every_template_suits_its_sample(tmp_path: Path) -> None:
    for item in templates():
        assert item.sample in SAMPLES
        assert template(item.id).lacks(propose("p", [], tmp_path, item.sample)) == ""


def test_an_unknown_sample_is_named(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="no sample 'cats'"):
        propose("p", [], tmp_path, "cats")


def test_new_takes_the_sample_that_suits_the_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "read"), "--template", "sequence"]) == 0
    assert files.load(tmp_path / "read").datasets[0].layout == "digit_strings"
    assert main(["new", str(tmp_path / "both"), "--template", "late_fusion"]) == 0
    assert len(files.load(tmp_path / "both").inputs) == 2
    capsys.readouterr()


def test_a_template_that_does_not_suit_ones_own_pictures_is_refused_in_one_line(
    make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.pictures(f"{kind}/{number}.png" for kind in ("cats", "dogs") for number in range(4))
    assert main(["new", str(tmp_path / "p"), "--template", "late_fusion", "--data", str(make.root)]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "late_fusion" in told and "2 inputs" in told
    assert not (tmp_path / "p" / files.PROJECT_FILE).exists()
