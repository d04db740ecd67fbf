"""The whole of `up`: prepare everything, serve, keep serving, and take down what was started."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import FrameType
from urllib.parse import urlsplit

from layers.errors import UnavailableError
from layers.text import Text
from ops.basemap_keeper import BasemapKeeper
from ops.checkout import Checkout
from ops.dashboard import need_dashboard
from ops.feed_keeper import FeedKeeper
from ops.forecast_keeper import ForecastKeeper
from ops.guard import check_address, check_port, is_loopback
from ops.processes import Process, stop_group
from ops.progress import Progress
from ops.running import Serving, forget, last_record, serving, write_record
from ops.server import Address, WebServer, readiness
from ops.session import Server, database

Ready = Callable[[Serving], None]

_CHECK_EVERY_S = 1.0
_RESTARTS = 5
_STEADY_S = 600.0
_DETACHED_START_S = 120.0
_STOP_S = 45.0


def clear_killed(checkout: Checkout) -> None:
    """End what a killed `up` left behind; its database cluster is adopted, not ended."""
    record = last_record(checkout)
    if record and record.server and record.server.alive:
        stop_group(record.server, 5.0)
    forget(checkout)


@contextmanager
def prepared(
    checkout: Checkout, town: str, address: Address, progress: Progress, *, demo: bool
) -> Iterator[Server]:
    """The database server with the town in it and the dashboard built: all but the web server."""
    check_address(address)
    clear_killed(checkout)
    check_port(address)
    write_record(checkout, _claim(town, address))
    try:
        with stopping_on_signals(), database(progress, checkout) as server:
            from ops.basemap import try_basemap
            from ops.town_ready import need_town

            need_town(server, town, progress, demo=demo)
            try_basemap(server, town, progress)
            need_dashboard(checkout, progress)
            users = _demo_users(server, town, address, progress, demo=demo)
            write_record(checkout, _claim(town, address, users))
            yield server
    finally:
        record = last_record(checkout)
        if record and record.pid == os.getpid():
            forget(checkout)


def serve(
    checkout: Checkout,
    server: Server,
    town: str,
    address: Address,
    progress: Progress,
    *,
    ready: Ready,
) -> None:
    """Run the web server until we are told to stop; start it again when it dies by itself.

    `ready` is called once, when `/readyz` is 200 for the first time. Raises UnavailableError
    when the server cannot start or keeps dying.
    """
    restarts = 0
    while restarts <= _RESTARTS:
        began = time.monotonic()
        web = WebServer(checkout, server, town, address)
        try:
            known = last_record(checkout)
            users = known.demo_users if known else ()
            record = _record_server(checkout, _claim(town, address, users), web)
            with progress.step(Text(th="เปิดระบบ", en="Starting the server")):
                web.wait_ready()
            if restarts == 0:
                ready(record)
            keepers = (
                BasemapKeeper(checkout, town),
                FeedKeeper(checkout, server, town),
                ForecastKeeper(checkout, server, town),
            )
            try:
                while web.wait(_CHECK_EVERY_S) is None:
                    for keeper in keepers:
                        keeper.look()
            finally:
                for keeper in keepers:
                    keeper.stop()
            progress.say(
                Text(
                    th="เซิร์ฟเวอร์หยุดเอง กำลังเปิดใหม่",
                    en="The server ended by itself; starting it again.",
                )
            )
            progress.say(web.tail())
        finally:
            web.stop()
        restarts = 1 if time.monotonic() - began > _STEADY_S else restarts + 1
    raise UnavailableError(
        Text(
            th=f"เซิร์ฟเวอร์หยุดเองหลายครั้ง ดูบันทึกที่ {web.log}",
            en=f"The server keeps ending by itself. Its log: {web.log}",
        )
    )


def detach(checkout: Checkout, town: str, address: Address, lock: int) -> Serving:
    """Leave a supervisor of its own session serving; return once `/readyz` is 200.

    It inherits the open `up` lock (file number `lock`), so that it is held without a gap.
    """
    log = checkout.log_dir / "up.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink:
        child = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "ops.supervise"),
                *(town, address.host, str(address.port)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=checkout.root,
            start_new_session=True,
            pass_fds=[lock],
        )
    deadline = time.monotonic() + _DETACHED_START_S
    try:
        while time.monotonic() < deadline and child.poll() is None:
            record = serving(checkout)
            if record and record.pid == child.pid and record.server and readiness(address)[0]:
                return record
            time.sleep(0.05)
    except BaseException:
        child.terminate()
        raise
    child.terminate()
    child.wait()
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    raise UnavailableError(
        Text(th=f"เปิดระบบไม่สำเร็จ\n{said}", en=f"The server did not become ready.\n{said}")
    )


def stop(checkout: Checkout, record: Serving) -> None:
    """End a running `up` and all it started."""
    os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    while record.supervisor.alive and time.monotonic() < deadline:
        time.sleep(0.05)
    if record.supervisor.alive:
        os.kill(record.pid, signal.SIGKILL)
    clear_killed(checkout)


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Turn `down`'s SIGTERM and a closed terminal into what Ctrl-C is, once; then finish calmly."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for sign in signs:
            signal.signal(sign, signal.SIG_IGN)
        raise KeyboardInterrupt

    signs = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {sign: signal.signal(sign, interrupt) for sign in signs}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def _demo_users(
    server: Server, town: str, address: Address, progress: Progress, *, demo: bool
) -> tuple[dict[str, str], ...]:
    """The demo's sign-ins, made anew where the town is a demo that only this machine reaches."""
    from db.towns import list_towns
    from ops.demo_users import make_demo_users, refuse_published

    published = urlsplit(address.url).hostname or ""
    synthetic = any(found.id == town and found.synthetic for found in list_towns(server.url))
    if not is_loopback(published):
        refuse_published(server, town, published, address.url)
        return ()
    if not (demo and synthetic):
        return ()
    with progress.step(Text(th="สร้างบัญชีสาธิต", en="Making the demo's sign-ins")):
        return tuple(user.facts() for user in make_demo_users(server, town))


def _claim(town: str, address: Address, users: tuple[dict[str, str], ...] = ()) -> Serving:
    me = Process.of(os.getpid())
    if me is None:
        raise RuntimeError("this process is not in /proc")
    return Serving(url=address.url, town=town, pid=me.pid, started=me.started, demo_users=users)


def _record_server(checkout: Checkout, record: Serving, web: WebServer) -> Serving:
    if web.process:
        record = replace(record, server_pid=web.process.pid, server_started=web.process.started)
    write_record(checkout, record)
    return record
