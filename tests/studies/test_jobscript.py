"""Job scripts: bash accepts them, and they start what they promise; `torchrun` and the cluster's tools are stand-ins."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest

from mtlstudio.base.declare import defaults
from mtlstudio.base.texts import set_language
from mtlstudio.runs.folder import create_run
from mtlstudio.studies.jobscript import ONE, PARAMETERS, SEVERAL, SLURM, Job, proposed, script, share_of
from tests.training.small import project

NASTY = """it's "my" $HOME `date` \\ 项目"""
PRINTS = '#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done\necho "threads=$OMP_NUM_THREADS"\n'

pytestmark = pytest.mark.skipif(os.name != "posix", reason="job scripts are for bash")


def started(folder: Path, job: Job, *words: str) -> list[str]:
    """What the script hands to `torchrun`, word by word."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, text in {
        "torchrun": PRINTS,
        "srun": '#!/bin/sh\nexec "$@"\n',
        "scontrol": '#!/bin/sh\nprintf "alpha\\nbeta\\n"\n',
    }.items():
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    path = folder / "job.sh"
    path.write_text(script(job), encoding="utf-8")
    environment = {
        **os.environ, "PATH": f"{tools}:{os.environ['PATH']}", "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "x",
        "OMP_NUM_THREADS": "",
    }  # fmt: skip
    done = subprocess.run(
        ["bash", str(path), *words], env=environment, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_one_machine(tmp_path: Path) -> None:
    folder = tmp_path / NASTY
    folder.mkdir()
    said = started(tmp_path, Job(ONE, "pets", str(folder), "cuda", 4))
    assert said[:-1] == [
        "--standalone", "--nproc-per-node", "4", "-m", "mtlstudio", "train", str(folder), "--name", "pets", "--device",
        "cuda",
    ]  # fmt: skip


def test_a_run_that_is_there_is_resumed(tmp_path: Path) -> None:
    create_run(tmp_path, "Pets 3", project())
    said = started(tmp_path, Job(ONE, "Pets 3", str(tmp_path)))
    assert said[said.index(str(tmp_path)) + 1 :][:2] == ["--resume", "pets_3"]


def test_several_machines_are_told_apart_by_their_number(tmp_path: Path) -> None:
    job = Job(SEVERAL, "pets", str(tmp_path), "cpu", 2, nodes=3, first="first host", port=4000)
    said = started(tmp_path, job, "2")
    assert said[:10] == [
        "--nnodes", "3", "--node-rank", "2", "--nproc-per-node", "2", "--master-addr", "first host", "--master-port",
        "4000",
    ]  # fmt: skip
    assert int(said[-1].removeprefix("threads=")) >= 1
    path = tmp_path / "job.sh"
    refused = subprocess.run(["bash", str(path)], capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "number of this machine" in refused.stderr


def test_slurm_is_asked_for_what_is_needed_and_given_time_to_save(tmp_path: Path) -> None:
    job = Job(SLURM, "Pets 3", str(tmp_path), "cuda", 4, nodes=2, port=4000, hours=6)
    said = started(tmp_path, job)
    assert said[:10] == [
        "--nnodes", "2", "--nproc-per-node", "4", "--rdzv-backend", "c10d", "--rdzv-id", "7", "--rdzv-endpoint",
        "alpha:4000",
    ]  # fmt: skip
    asked = [line.removeprefix("#SBATCH ") for line in script(job).splitlines() if line.startswith("#SBATCH ")]
    assert {"--nodes=2", "--ntasks-per-node=1", "--gpus-per-node=4", "--time=6:00:00", "--signal=TERM@120"} < set(asked)
    assert "--job-name=pets_3" in asked
    assert not any("gpus" in line for line in script(Job(SLURM, device="cpu")).splitlines())


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("where", [ONE, SEVERAL, SLURM])
def test_bash_accepts_it_whatever_stands_in_the_fields(tmp_path: Path, where: str, language: str) -> None:
    set_language(language)
    text = script(Job(where, "a\n$(b)", NASTY, first=f"x\n{NASTY}"))
    (tmp_path / "job.sh").write_text(text, encoding="utf-8")
    done = subprocess.run(["bash", "-n", str(tmp_path / "job.sh")], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr
    assert text.endswith("\n") and not text.endswith("\n\n") and text.startswith("#!/usr/bin/env bash\n")


def test_the_form_proposes_the_project_as_it_stands() -> None:
    values = {**defaults(PARAMETERS), **proposed(project(device="auto"), PurePosixPath("/data/pets"), "First try")}
    job = Job.of(values)
    assert (job.run, job.project, job.device, job.where) == ("first_try", "/data/pets", "cuda", ONE)
    assert proposed(project(device="cpu"), PurePosixPath("/p"))["device"] == "cpu"
    assert share_of(Job(SEVERAL, processes=3, nodes=2), 16) == (2, 3) and share_of(Job(ONE, processes=4), 16) == (4, 4)
