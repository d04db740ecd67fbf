"""System packages the platform needs: says what is missing, installs it where it can.

Supported: Debian 12 and 13, Ubuntu 24.04 (apt). Elsewhere nothing is installed; one sentence says
what is missing and the ways out.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from layers.errors import MuangError, UnavailableError
from layers.text import Text
from ops import apt
from ops.checkout import Checkout
from ops.postgres import Postgres, find_postgres, server_majors
from ops.programs import run
from ops.progress import Progress

_POSTGIS = r"^postgresql-[0-9]+-postgis-3$"
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def need_postgres(checkout: Checkout, progress: Progress, major: int | None = None) -> Postgres:
    """The machine's PostgreSQL with PostGIS, installed first when it is missing.

    `major` is the version existing data needs.
    """
    if found := find_postgres(major):
        return found
    try:
        _install(checkout, progress, lambda: [postgis_package(major)])
    except MuangError as error:
        raise UnavailableError(_ways_out(error.detail)) from error
    if found := find_postgres(major):
        return found
    raise UnavailableError(
        _ways_out(
            Text(
                th="ติดตั้งแล้วแต่ยังหาโปรแกรมไม่พบ หรือรุ่นเก่ากว่า PostGIS 3.3",
                en="installed, but not found or older than PostGIS 3.3",
            )
        )
    )


def postgis_package(major: int | None = None) -> str:
    """The name of the package to install, from this machine's own sources.

    Prefers the PostgreSQL version already on the machine, then the distribution's default.
    Raises UnavailableError when the sources offer none.
    """
    offered = {int(name.split("-")[1]): name for name in apt.find(_POSTGIS)}
    if major is not None and major not in offered:
        raise UnavailableError(
            Text(
                th=f"ข้อมูลเดิมสร้างด้วย PostgreSQL {major} ซึ่งเครื่องนี้ไม่มีและไม่มีในคลังแพ็กเกจ",
                en=f"the data was made by PostgreSQL {major}, which is neither installed "
                "nor in this machine's package sources",
            )
        )
    if major is not None:
        return offered[major]
    if not offered:
        raise UnavailableError(
            Text(
                th="คลังแพ็กเกจของเครื่องนี้ไม่มี PostGIS",
                en="this machine's package sources offer no PostGIS",
            )
        )
    for present in (*reversed(server_majors()), *_default_major()):
        if present in offered:
            return offered[present]
    return offered[max(offered)]


def need_browser(checkout: Checkout, progress: Progress) -> Path:
    """Chromium and Thai fonts for the browser tests, installed first when missing."""
    wanted: list[str] = []
    if not thai_fonts_present():
        wanted.append(r"^fonts-thai-tlwg$")
    if not find_chromium():
        wanted.append(r"^chromium$")
    if wanted and apt.is_here():
        _install(checkout, progress, lambda: [name for regex in wanted for name in apt.find(regex)])
    if found := find_chromium():
        return found
    # Ubuntu's package is only a pointer to a snap, which containers and servers cannot run
    title = Text(th="ติดตั้ง Chromium ของ Playwright", en="Installing Playwright's Chromium")
    with progress.step(title) as step:
        prefix = apt.root_prefix() if apt.is_here() else []
        python = [*prefix, sys.executable, "-m", "playwright"]
        if apt.is_here():
            run([*python, "install-deps", "chromium"], step=step, log=_log(checkout))
        run([*python[len(prefix) :], "install", "chromium"], step=step, log=_log(checkout))
    if found := find_chromium():
        return found
    raise UnavailableError(
        Text(
            th="ไม่พบ Chromium สำหรับทดสอบหน้าจอ ติดตั้ง Chromium แล้วสั่งใหม่ หรือใช้ ./muang test --fast",
            en="There is no Chromium for the browser tests. Install Chromium and try again, "
            "or run ./muang test --fast, which needs none.",
        )
    )


def need_programs(
    checkout: Checkout, progress: Progress, programs: Mapping[str, str]
) -> dict[str, str]:
    """Install the packages whose program (a name or a path) is missing; those still missing, why.

    Nothing of the platform needs these programs, so that one is missing is no error.
    """
    why = "apt-get install it"
    missing = [package for package, program in programs.items() if not _has(program)]
    if missing and apt.is_here():
        try:
            _install(checkout, progress, lambda: missing)
        except MuangError as error:
            why = error.detail.en
    return {package: why for package in missing if not _has(programs[package])}


def _has(program: str) -> bool:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None


def find_chromium() -> Path | None:
    """A Chromium this machine can start: the system's, else one Playwright keeps."""
    for name in _CHROMIUM_NAMES:
        found = shutil.which(name)
        if found and "/snap/" not in str(Path(found).resolve()):
            return Path(found)
    kept = Path.home() / ".cache" / "ms-playwright"
    return max(kept.glob("chromium-*/chrome-linux*/chrome"), default=None)


def thai_fonts_present() -> bool:
    """Whether any installed font is made for Thai."""
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    return any(
        next(folder.rglob(pattern), None)
        for folder in folders
        if folder.exists()
        for pattern in ("*Thai*", "*tlwg*", "*[Ss]arabun*")
    )


def _install(checkout: Checkout, progress: Progress, names: Callable[[], list[str]]) -> None:
    if not apt.is_here():
        raise UnavailableError(
            Text(
                th="เครื่องนี้ไม่มี apt-get (ติดตั้งให้อัตโนมัติได้เฉพาะ Debian และ Ubuntu)",
                en="there is no apt-get here (only Debian and Ubuntu are installed automatically)",
            )
        )
    prefix = apt.root_prefix()
    checkout.log_dir.mkdir(parents=True, exist_ok=True)
    log = _log(checkout)
    try:
        packages = names()
    except MuangError:
        packages = []
    if not packages:
        apt.update(prefix, progress, log)
        packages = names()
    if packages:
        apt.install(packages, prefix, progress, log)


def _default_major() -> list[int]:
    done = subprocess.run(
        ["apt-cache", "depends", "postgresql"], capture_output=True, text=True, check=False
    )
    found = (line.rpartition("postgresql-")[2].strip() for line in done.stdout.splitlines())
    return [int(version) for version in found if version.isdigit()]


def _ways_out(why: Text) -> Text:
    command = "sudo apt-get install postgresql-<version>-postgis-3"
    if shutil.which("dnf"):
        command = "sudo dnf install postgresql-server postgis"
    elif shutil.which("brew"):
        command = "brew install postgresql postgis"
    elif apt.is_here() and (names := apt.find(_POSTGIS)):
        command = f"sudo apt-get install {names[-1]}"
    return Text(
        th=f"ยังไม่มี PostgreSQL + PostGIS และติดตั้งให้ไม่ได้: {why.th}\n"
        f"เลือกทางใดทางหนึ่ง: (1) ติดตั้งเอง {command} แล้วสั่งใหม่ "
        "(2) ตั้ง MUANG_DATABASE_URL ให้ชี้ไปที่เครื่องแม่ข่าย PostGIS ที่มีอยู่ "
        "(3) ใช้ docker compose up",
        en=f"PostgreSQL with PostGIS is missing and could not be installed: {why.en}\n"
        f"Three ways out: (1) install it yourself, {command}, and run this again; "
        "(2) set MUANG_DATABASE_URL=postgresql://user:password@host/postgres to a server that has "
        "PostGIS; (3) use docker compose up.",
    )


def _log(checkout: Checkout) -> Path:
    return checkout.log_dir / "install.log"
