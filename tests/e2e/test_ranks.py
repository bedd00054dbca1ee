"""`torchrun … -m mtlstudio train`: one voice, a process that is killed, and a run that goes on as if nothing had been."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from mtlstudio.cli.interface import complain
from mtlstudio.cli.main import main
from mtlstudio.project import files
from mtlstudio.runs.events import RunFailed
from mtlstudio.runs.folder import RunFolder, create_run
from mtlstudio.training.trainer import Trainer
from tests.training.small import losses
from tests.training.test_ranks import assert_close, plain, torchrun

SOON_S = 20
"""From the kill to the end of all processes; 3 s where nothing else runs."""


@pytest.mark.slow
@pytest.mark.parametrize("victim", [1, 0])
def test_a_killed_process_ends_all_in_words_and_the_run_goes_on(tmp_path: Path, victim: int) -> None:
    files.create(tmp_path / "p", plain(epochs=3, checkpoint_steps=2))
    train = ("train", str(tmp_path / "p"))
    died = torchrun(2, "-m", "tests.e2e.doomed", str(victim), "30", *train, "--name", "run")
    ended = time.time()
    run = RunFolder(tmp_path / "p" / "runs" / "run")
    assert died.returncode != 0
    (words,) = [line for line in died.stderr.splitlines() if line.startswith("mtlstudio:")]
    assert re.search(rf"process {victim} on \S+ ended without a word", words) and "Resume the run" in words
    assert not re.search(r'File ".*mtlstudio', died.stderr), "a traceback of ours on the terminal"
    last = list(run.events())[-1]
    assert ended - last.time < SOON_S
    if victim == 1:
        assert isinstance(last, RunFailed) and last.code == "rank" and last.checkpoint == run.store.steps()[-1]
        assert run.info().status == "failed"
    else:
        assert run.info().status == "interrupted"
    if victim == 1:
        going_on = torchrun(2, "-m", "mtlstudio", *train, "--resume", "run", "--json")
        assert going_on.returncode == 0, going_on.stderr[-3000:]
        told = json.loads(going_on.stdout)  # one document, by one process
        assert told["run"] == "run" and told["status"] == "finished" and told["steps"] == len(losses(run))
    else:
        list(Trainer(run.spec(), tmp_path / "p", run, resume=True).run())
    whole = create_run(tmp_path, "whole", run.spec())
    list(Trainer(run.spec(), tmp_path, whole).run())
    assert_close(losses(whole), losses(run))
    one, other = (load_file(of.store.find("last").path / "network.safetensors") for of in (whole, run))
    assert all(torch.allclose(one[name], other[name], rtol=1e-5, atol=1e-5) for name in one)


def test_studies_are_not_trained_by_several_processes_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files.create(tmp_path / "p", plain())
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "0")
    assert main(["baselines", str(tmp_path / "p")]) == 1
    assert "baselines works in one process" in capsys.readouterr().err
    assert not (tmp_path / "p" / "runs").exists()


def test_beside_a_first_process_the_others_are_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        complain(rank)
    complain("1 speaks for a dead 0", aloud=True)
    assert [line[11:] for line in capsys.readouterr().err.splitlines()] == ["0", "1 speaks for a dead 0"]
