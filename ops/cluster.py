"""The private PostgreSQL + PostGIS cluster of a checkout: made, started, adopted, stopped.

It is made with the machine's own binaries, listens on loopback and on a Unix socket, and runs
as an unprivileged user even when we are root. Whoever uses it holds a shared lock that the kernel
releases when the process dies, so the last user out stops the cluster, killed or not.
"""

import atexit
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from layers.errors import UnavailableError
from layers.text import Text
from ops import tuning
from ops.checkout import Checkout, write_private
from ops.cluster_place import Place, choose_place, socket_dir
from ops.packages import need_postgres
from ops.postgres import Postgres
from ops.processes import Process, free_port, is_free, processes
from ops.programs import run
from ops.progress import Progress

SUPERUSER = "muang"
_START_ATTEMPTS = 5
_STOP_FAST_S = 30.0
_LOG_KEEP_BYTES = 20_000_000
_started: "list[subprocess.Popen[bytes]]" = []


class Cluster:
    """One private cluster; `name` is its folder under `.muang` (`pg`, or `test` for the tests).

    A `throwaway` cluster gives up durability for speed.
    """

    def __init__(self, checkout: Checkout, name: str = "pg", *, throwaway: bool = False) -> None:
        self.checkout = checkout
        self.name = name
        self.throwaway = throwaway
        self.control = checkout.state / name

    @contextmanager
    def use(self, progress: Progress) -> Iterator[str]:
        """The URL of the running server (maintenance database, superuser).

        Starts the cluster when nobody has, adopts one that runs; the last user stops it.
        """
        self.control.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.control / "users.lock").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield self._up(progress)
            finally:
                fcntl.flock(users, fcntl.LOCK_UN)
                self.stop_unused()

    @property
    def place(self) -> Place:
        """Where the data is, and whose it is."""
        return choose_place(self.checkout, self.name)

    def running(self) -> Process | None:
        """The postmaster of this cluster; None when it does not run.

        The pid file alone is no proof: after a crash another program may have its pid.
        """
        data = self.place.data
        try:
            pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        process = Process.of(pid)
        return process if process and process.works_in(data) else None

    @property
    def port(self) -> int:
        """The TCP port the cluster listens on; only meaningful while it runs."""
        return int((self.place.data / "postmaster.pid").read_text().split("\n")[3])

    @property
    def url(self) -> str:
        """URL of the maintenance database as superuser, over loopback TCP."""
        password = self.place.password_file.read_text(encoding="ascii").strip()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/postgres"

    def stop_unused(self) -> bool:
        """Stop the cluster unless a command still uses it; False when nothing was stopped."""
        if not (self.control / "users.lock").exists():
            return False
        with (self.control / "users.lock").open("a") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
            return self.stop()

    def stop(self) -> bool:
        """Stop the cluster, after finishing what is committed; False when it was not running."""
        postmaster = self.running()
        if postmaster is None:
            return False
        for sign, patience_s in ((signal.SIGINT, _STOP_FAST_S), (signal.SIGQUIT, 10.0)):
            with suppress(ProcessLookupError):
                os.kill(postmaster.pid, sign)
            deadline = time.monotonic() + patience_s
            while postmaster.alive and time.monotonic() < deadline:
                time.sleep(0.02)
            if not postmaster.alive:
                _reap()
                return True
        raise UnavailableError(
            Text(
                th=f"หยุดฐานข้อมูลไม่ได้ (โปรเซส {postmaster.pid})",
                en=f"The database does not stop (process {postmaster.pid}).",
            )
        )

    def _up(self, progress: Progress) -> str:
        with (self.control / "start.lock").open("a") as alone:
            fcntl.flock(alone, fcntl.LOCK_EX)
            if self._wait_ready(None):
                return self.url
            server = need_postgres(self.checkout, progress, self.place.made_by)
            if not self.place.made:
                title = Text(th="สร้างฐานข้อมูลของโปรแกรม", en="Making the private database cluster")
                with progress.step(title):
                    self._make(server)
            with progress.step(Text(th="เริ่มฐานข้อมูล", en="Starting the database")) as step:
                self._clear_leftovers()
                for _ in range(_START_ATTEMPTS):
                    if self._start(server):
                        return self.url
                    step.note("port taken meanwhile, trying another")
        raise self._start_failed()

    def _make(self, server: Postgres) -> None:
        place = self.place
        place.prepare()
        draft = place.base / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        password = secrets.token_hex(24)
        secret = place.base / "password.new"
        place.write(secret, password)
        run(
            [
                *(server.program("initdb"), "-D", draft, "--username", SUPERUSER),
                *("--pwfile", secret, "--auth", "scram-sha-256", "--data-checksums"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions"),
                *(["--no-sync"] if self.throwaway else []),
            ],
            cwd=Path("/"),
            identity=place.identity,
            log=self.checkout.log_dir / "install.log",
        )
        secret.unlink()
        conf = draft / "postgresql.conf"
        place.write(conf, conf.read_text(encoding="utf-8") + "\ninclude 'muang.conf'\n")
        write_private(place.password_file, password)
        if not place.secret_file.exists():
            write_private(place.secret_file, secrets.token_hex(32))
        # the last step: a cluster is there, whole, or not at all
        draft.rename(place.data)

    def _start(self, server: Postgres) -> bool:
        """Start the postmaster and wait; False when its port was taken meanwhile."""
        place = self.place
        self._configure()
        log = place.log
        if log.exists() and log.stat().st_size > _LOG_KEEP_BYTES:
            log.replace(log.with_suffix(".old"))
        mark = log.stat().st_size if log.exists() else 0
        with place.open_log() as sink:
            # not pg_ctl: it builds a shell line in which a $ or a quote in the path breaks
            postmaster = subprocess.Popen(
                [str(server.program("postgres")), "-D", str(place.data)],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                cwd="/",
                start_new_session=True,
                **place.identity.popen,
            )
        # it outlives this object, and maybe this process: nobody is to collect it early
        _started.append(postmaster)
        if self._wait_ready(postmaster):
            return True
        said = log.read_bytes()[mark:].decode(errors="replace")
        if "Address already in use" in said or "could not bind" in said:
            return False
        raise self._start_failed(said)

    def _wait_ready(self, postmaster: "subprocess.Popen[bytes] | None") -> bool:
        """Wait while the server starts or recovers; False when it ended instead."""
        pid_file = self.place.data / "postmaster.pid"
        while True:
            if postmaster and postmaster.poll() is not None:
                return False
            running = self.running()
            if running and (postmaster is None or running.pid == postmaster.pid):
                with suppress(OSError, IndexError):
                    if pid_file.read_text().split("\n")[7].strip() == "ready":
                        return True
            elif postmaster is None:
                return False
            time.sleep(0.02)

    def _configure(self) -> None:
        place = self.place
        port = _kept_port(place.data / "muang.conf")
        if port is None or not is_free("127.0.0.1", port):
            port = free_port()
        chosen = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(socket_dir(self.checkout, self.name, place.identity)),
            "unix_socket_permissions": "0700",
            "cluster_name": f"muang-{self.checkout.key[:6]}-{self.name}",
            **tuning.settings(
                tuning.memory_mb(),
                os.cpu_count() or 1,
                tuning.shm_mb(),
                throwaway=self.throwaway,
            ),
        }
        lines = [f"{name} = '{value}'" for name, value in chosen.items()]
        text = "# written by ./muang at every start; your own settings go to postgresql.auto.conf\n"
        place.write(place.data / "muang.conf", text + "\n".join(lines) + "\n")

    def _clear_leftovers(self) -> None:
        """After a crash: the socket, the pid file, and backends that outlived their postmaster.

        PostgreSQL trusts a lock file whose number is some living process, which after a reboot,
        in a container or beside an uncollected zombie is nothing to trust. Here it is known that
        the cluster does not run: we hold its start lock and looked at /proc.
        """
        _reap()
        data = self.place.data
        for left in socket_dir(self.checkout, self.name, self.place.identity).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)
        if not (data / "postmaster.pid").exists():
            return
        orphans = [p for p in processes() if p.works_in(data) and "postgres" in p.command]
        for orphan in orphans:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(orphan.pid, signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while any(p.alive for p in orphans) and time.monotonic() < deadline:
            time.sleep(0.05)
        (data / "postmaster.pid").unlink(missing_ok=True)

    def _start_failed(self, said: str = "") -> UnavailableError:
        tail = "\n".join(said.strip().splitlines()[-5:])
        return UnavailableError(
            Text(
                th=f"เริ่มฐานข้อมูลไม่ได้ ดูบันทึกที่ {self.place.log}\n{tail}",
                en=f"The private database did not start. Its log: {self.place.log}\n{tail}",
            )
        )


def test_server() -> str:
    """URL of the checkout's private test cluster, started or adopted; stopped when we end."""
    stack = ExitStack()
    cluster = Cluster(Checkout.here(), "test", throwaway=True)
    url = stack.enter_context(cluster.use(Progress()))
    atexit.register(stack.close)
    return url


def _reap() -> None:
    _started[:] = [child for child in _started if child.poll() is None]


def _kept_port(conf: Path) -> int | None:
    with suppress(OSError):
        for line in conf.read_text(encoding="utf-8").splitlines():
            if line.startswith("port = "):
                return int(line.split("'")[1])
    return None
