from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from mtlstudio.base.errors import StudioError
from mtlstudio.base.files import Lock
from mtlstudio.base.processes import is_running, process_started

HOLD = """
import sys
from pathlib import Path
from mtlstudio.base.files import Lock
lock = Lock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its stdin closes, and never gives it back."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def write(path: Path, **changes: object) -> None:
    owner = {"pid": os.getpid(), "host": socket.gethostname(), "started": "", "token": "t" * 32}
    path.write_text(json.dumps({**owner, **changes}))


def test_the_file_is_there_while_the_lock_is_held(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = Lock(path)
    with lock:
        assert lock.held
        assert json.loads(path.read_text())["pid"] == os.getpid()
        with lock:  # taking it again changes nothing
            assert lock.held
    assert not lock.held
    assert list(tmp_path.iterdir()) == []


def test_one_process_cannot_take_it_twice(tmp_path: Path) -> None:
    with Lock(tmp_path / "lock"), pytest.raises(StudioError, match=f"process {os.getpid()}"):
        Lock(tmp_path / "lock").acquire()


def test_a_live_owner_is_respected_and_a_killed_one_replaced(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = holder(path)
    try:
        with pytest.raises(StudioError) as caught:
            Lock(path).acquire()
        assert str(process.pid) in caught.value.text()
        assert socket.gethostname() in caught.value.text()
        assert caught.value.where == str(tmp_path)
    finally:
        process.kill()
        process.communicate()
    with Lock(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_reused_process_number_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    if not process_started(os.getpid()):
        pytest.skip("this system does not tell when a process began")
    write(path, started="long ago")
    with Lock(path) as lock:
        assert lock.held


def test_another_computer_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    write(path, host="elsewhere", pid=1)
    with pytest.raises(StudioError) as caught:
        Lock(path).acquire()
    assert "elsewhere" in caught.value.text()
    assert f"delete {path}" in caught.value.text()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_damaged_lock_is_replaced(tmp_path: Path, content: str) -> None:
    path = tmp_path / "lock"
    path.write_text(content)
    with Lock(path) as lock:
        assert lock.held
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_somebody_else_took_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = Lock(path)
    lock.acquire()
    write(path, host="elsewhere")
    lock.release()
    assert path.exists()


def test_of_many_that_find_a_dead_owner_one_wins(tmp_path: Path) -> None:
    path, dead = tmp_path / "lock", subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    together = Barrier(8)

    def contend(lock: Lock) -> bool:
        together.wait()
        try:
            lock.acquire()
        except StudioError:
            return False
        return True

    for turn in range(10):
        write(path, pid=dead.pid, token=f"{turn:032}")
        locks = [Lock(path) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(contend, locks))
        assert won.count(True) == 1
        locks[won.index(True)].release()
        assert list(tmp_path.iterdir()) == []


def test_a_takeover_that_died_halfway_is_taken_over_too(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    write(path, pid=dead.pid, token="a")
    write(tmp_path / "lock.a", pid=dead.pid, token="b")
    with Lock(path) as lock:
        assert lock.held
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="its folder does not exist"):
        Lock(tmp_path / "none" / "lock").acquire()


def test_which_processes_run() -> None:
    me = process_started(os.getpid())
    assert me is not None
    assert is_running(os.getpid(), me)
    process = subprocess.Popen([sys.executable, "-c", ""])
    started = process_started(process.pid)
    process.wait()
    assert started is not None
    assert not is_running(process.pid, started)
    assert not is_running(0, "")
    assert not is_running(-1, "")
    assert not is_running(2**40, "")


def test_a_lock_file_that_went_along_when_its_folder_was_moved_is_taken_over_by_its_own_process(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    lock = Lock(tmp_path / "here" / "lock")
    lock.acquire()
    (tmp_path / "here").rename(tmp_path / "there")
    with pytest.raises(StudioError, match="in use"):
        Lock(tmp_path / "there" / "lock").acquire()  # the work goes on, so far
    lock.release()
    with Lock(tmp_path / "there" / "lock") as moved:
        assert moved.held
    assert list((tmp_path / "there").iterdir()) == []
