"""Looking at this machine's processes and ports through /proc."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ops.processes import Process, free_port, group_alive, holder_of, is_free, stop_group


def test_the_holder_of_a_port_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        holder = holder_of(port)
        assert holder is not None
        assert holder.pid == os.getpid()
        assert "python" in holder.command
    assert is_free("127.0.0.1", port)
    assert holder_of(port) is None


def test_a_free_port_is_free() -> None:
    assert is_free("127.0.0.1", free_port())


def test_a_process_is_known_by_its_start_and_not_only_its_number() -> None:
    me = Process.of(os.getpid())
    assert me is not None
    assert me.alive
    assert not Process(me.pid, me.started - 1).alive


def test_an_ended_process_is_not_alive_even_before_it_is_collected() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    known = Process.of(child.pid)
    deadline = time.monotonic() + 20
    while Process.of(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert known is None or not known.alive
    child.wait()


def test_the_working_folder_tells_whose_process_it_is(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], cwd=tmp_path) as child:
        process = Process.of(child.pid)
        assert process is not None
        assert process.works_in(tmp_path)
        assert not process.works_in(tmp_path.parent)
        child.kill()


def test_stopping_a_group_ends_children_that_do_not_listen() -> None:
    deaf = "import signal,time,sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    code = (
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', '{deaf}; print(1, flush=True); time.sleep(60)']);"
        "time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], start_new_session=True, stdout=subprocess.PIPE
    ) as leader:
        assert leader.stdout is not None
        leader.stdout.readline()  # the grandchild has closed its ears
        process = Process.of(leader.pid)
        assert process is not None
        stop_group(process, grace_s=0.5)
        leader.wait()
    deadline = time.monotonic() + 20
    while group_alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not group_alive(process.pid)
    assert leader.returncode == -signal.SIGTERM
