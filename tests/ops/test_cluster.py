"""The private cluster, on the machine's own PostgreSQL: made, adopted, shared, surviving."""

import os
import signal
import socket
import time
from io import StringIO
from pathlib import Path

import psycopg
import pytest

from ops.checkout import Checkout
from ops.cluster import Cluster
from ops.progress import Progress
from tests.ops.conftest import THAI, clear


def quiet() -> Progress:
    return Progress(StringIO())


def throwaway(checkout: Checkout) -> Cluster:
    """A cluster that does not wait for the disk: what is tested here is not durability."""
    return Cluster(checkout, throwaway=True)


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, connect_timeout=10) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def kill(cluster: Cluster) -> None:
    """What a power cut does: the postmaster has no time to say goodbye."""
    postmaster = cluster.running()
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while postmaster.alive and time.monotonic() < deadline:
        time.sleep(0.01)


def test_it_is_made_private_checked_and_unprivileged(scratch: Checkout) -> None:
    cluster = Cluster(scratch)
    with cluster.use(quiet()) as url:
        assert THAI in str(cluster.place.data)
        assert ask(url, "SHOW data_checksums") == "on"
        assert ask(url, "SHOW fsync") == "on"
        assert ask(url, "SHOW listen_addresses") == "127.0.0.1"
        assert ask(url, "SHOW password_encryption") == "scram-sha-256"
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert (
            ask(url, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
        )
        assert ask(url, "SELECT bool_and(auth_method LIKE 'scram%') FROM pg_hba_file_rules") is True
        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(_other_password(url), "SELECT 1")
        postmaster = cluster.running()
        assert postmaster is not None
        assert Path(f"/proc/{postmaster.pid}").stat().st_uid != 0
    assert cluster.running() is None
    assert cluster.place.password_file.stat().st_mode & 0o077 == 0
    assert cluster.place.secret_file.stat().st_mode & 0o077 == 0


def _other_password(url: str) -> str:
    head, _, tail = url.partition("@")
    return f"{head}x@{tail}"


def test_the_socket_is_short_private_and_works(scratch: Checkout) -> None:
    with throwaway(scratch).use(quiet()) as url:
        folder = str(ask(url, "SHOW unix_socket_directories"))
        port = ask(url, "SHOW port")
        assert len(f"{folder}/.s.PGSQL.{port}.lock") <= 107
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        assert ask(url.replace("127.0.0.1", folder.replace("/", "%2F")), "SELECT 1") == 1


def test_data_stay_and_the_port_stays(scratch: Checkout) -> None:
    with throwaway(scratch).use(quiet()) as url:
        with psycopg.connect(url) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
        first = url
    with throwaway(scratch).use(quiet()) as url:
        assert url == first
        assert ask(url, "SELECT n FROM kept") == 7


def test_a_second_user_adopts_it_and_the_last_one_stops_it(scratch: Checkout) -> None:
    one, two = throwaway(scratch), throwaway(scratch)
    with one.use(quiet()) as url:
        before = one.running()
        with two.use(quiet()) as same:
            assert same == url
        assert one.running() == before
        assert not one.stop_unused()
    assert one.running() is None


def test_a_killed_server_is_started_anew_with_its_data(scratch: Checkout) -> None:
    cluster = Cluster(scratch)
    with cluster.use(quiet()) as url:
        with psycopg.connect(url) as conn:
            conn.execute("CREATE TABLE kept AS SELECT 7 AS n")
        kill(cluster)
        assert (cluster.place.data / "postmaster.pid").exists()
        with Cluster(scratch).use(quiet()) as again:
            assert ask(again, "SELECT n FROM kept") == 7


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(
    scratch: Checkout, open_folder: Path
) -> None:
    cluster = throwaway(scratch)
    with cluster.use(quiet()) as url:
        ask(url, "SELECT 1")
    # after a reboot the number may belong to anybody, even to this test
    lines = [
        str(os.getpid()),
        str(cluster.place.data),
        "1",
        "1",
        str(open_folder),
        "127.0.0.1",
        "1 1",
        "ready",
    ]
    cluster.place.write(cluster.place.data / "postmaster.pid", "\n".join(lines) + "\n")
    assert cluster.running() is None
    with cluster.use(quiet()) as url:
        assert ask(url, "SELECT 1") == 1
        postmaster = cluster.running()
        assert postmaster is not None
        assert postmaster.pid != os.getpid()


def test_an_interrupted_first_start_is_begun_again(scratch: Checkout) -> None:
    cluster = throwaway(scratch)
    cluster.place.prepare()
    half = cluster.place.base / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("15")
    with cluster.use(quiet()) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_port_taken_meanwhile_is_replaced(scratch: Checkout) -> None:
    with throwaway(scratch).use(quiet()) as url:
        port = int(str(ask(url, "SHOW port")))
    with socket.socket() as thief:
        # connections the server has just closed keep their port for a minute otherwise
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", port))
        thief.listen()
        with throwaway(scratch).use(quiet()) as url:
            assert int(str(ask(url, "SHOW port"))) != port


def test_two_checkouts_live_side_by_side(scratch: Checkout, open_folder: Path) -> None:
    other = Checkout(open_folder / "other")
    other.root.mkdir()
    try:
        with throwaway(scratch).use(quiet()) as one, throwaway(other).use(quiet()) as two:
            assert one != two
            assert ask(one, "SHOW data_directory") != ask(two, "SHOW data_directory")
    finally:
        clear(other)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root keeps data outside a closed folder")
def test_a_closed_folder_such_as_roots_home_keeps_its_data_elsewhere(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    checkout = Checkout(tmp_path)
    try:
        with throwaway(checkout).use(quiet()) as url:
            data = str(ask(url, "SHOW data_directory"))
        assert data == f"/var/lib/muang/{checkout.key}/pg/data"
    finally:
        clear(checkout)


@pytest.mark.parametrize("state_is_open", [True, False])
def test_a_strict_umask_does_not_lock_the_cluster_out(
    state_is_open: bool, scratch: Checkout
) -> None:
    if state_is_open:
        scratch.state.mkdir()
    before = os.umask(0o077)
    try:
        with throwaway(scratch).use(quiet()) as url:
            assert ask(url, "SELECT 1") == 1
    finally:
        os.umask(before)


def test_a_path_longer_than_postgresql_bears_keeps_its_data_elsewhere(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(open_folder / "home"))
    root = open_folder.joinpath(*["ชื่อยาว" * 10] * 4)
    root.mkdir(parents=True)
    assert len(os.fsencode(root)) > 800
    checkout = Checkout(root)
    try:
        with throwaway(checkout).use(quiet()) as url:
            assert checkout.key in str(ask(url, "SHOW data_directory"))
    finally:
        clear(checkout)
