"""Where a private cluster's data lives and which user owns it."""

import os
import pwd
import secrets
import stat
import subprocess
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path

from layers.errors import UnavailableError
from layers.text import Text
from ops.checkout import Checkout
from ops.programs import Identity

_UNPRIVILEGED = ("postgres", "nobody")
# PostgreSQL keeps paths in 1024 bytes and hangs its own file names below the data folder
_LONGEST_PATH = 800
_PRIVATE_FOLDER = stat.S_IFDIR | 0o700
_SYSTEM_STATE = Path("/var/lib/muang")


@dataclass(frozen=True)
class Place:
    """The folder a cluster lives in, and the user it runs as."""

    base: Path
    identity: Identity

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.base / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.base / "postgres.log"

    @property
    def password_file(self) -> Path:
        """The superuser's password; beside the data, so that neither is kept without the other."""
        return self.base.parent / f"{self.base.name}.password"

    @property
    def secret_file(self) -> Path:
        """The secret of the town roles' passwords, beside the data for the same reason."""
        return self.base.parent / f"{self.base.name}.secret"

    @property
    def made(self) -> bool:
        """Whether the cluster exists."""
        return (self.data / "PG_VERSION").exists()

    @property
    def made_by(self) -> int | None:
        """Major version of the PostgreSQL that made the data; None before there is any."""
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def prepare(self) -> None:
        """Make the folder, owned by the cluster's user, and let that user come to it."""
        self.base.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            # a strict umask would have closed the folders on the way
            for folder in (self.base, *self.base.parents[:2]):
                if folder.name != ".muang":
                    folder.chmod(0o755)
        self._give(self.base)

    def write(self, path: Path, text: str) -> None:
        """Write a file only the cluster's user may read."""
        path.unlink(missing_ok=True)
        with self.open_new(path) as file:
            file.write(text)

    def open_log(self) -> TextIOWrapper:
        """The server's log, for appending."""
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        return self._owned(os.open(self.log, flags, 0o600))

    def open_new(self, path: Path) -> TextIOWrapper:
        """A new file for writing; never one that a link put there leads to."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        return self._owned(os.open(path, flags, 0o600))

    def _owned(self, handle: int) -> TextIOWrapper:
        # we may be root in a folder of another user: by handle, so that no link can be followed
        if os.geteuid() == 0:
            os.fchown(handle, self.identity.uid, self.identity.gid)
        return os.fdopen(handle, "w", encoding="utf-8")

    def _give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.identity.uid, self.identity.gid, follow_symlinks=False)


def choose_place(checkout: Checkout, name: str) -> Place:
    """The folder of the cluster `name`: below `.muang`, unless its user cannot get there.

    A checkout under /root, or one with a very long path, keeps its data in /var/lib/muang/<key>
    (or the user's own data folder), named by the hash of the checkout's path. Raises
    UnavailableError when the data belongs to somebody else.
    """
    near = checkout.state / name / "server"
    far = _elsewhere() / checkout.key / name
    for base in (near, far):
        owner = _owner(base / "data")
        if owner is not None:
            return Place(base, _identity_of(owner, base))
    identity = _unprivileged() if os.geteuid() == 0 else _identity_of(os.geteuid(), near)
    fits = len(os.fsencode(near)) <= _LONGEST_PATH and _can_enter(checkout.state, identity)
    return Place(near if fits else far, identity)


def socket_dir(checkout: Checkout, name: str, identity: Identity) -> Path:
    """A short 0700 folder for the Unix socket (its path may have 107 bytes), made when absent.

    In /tmp anybody can put a folder of that name first; one that is not the cluster's own is
    left alone and another name taken.
    """
    stem = f"/tmp/muang-{checkout.key}-{name}"  # noqa: S108  checked below, never trusted
    for path in (Path(stem), Path(f"{stem}-{secrets.token_hex(4)}")):
        try:
            path.mkdir(mode=0o700)
            if os.geteuid() == 0:
                os.chown(path, identity.uid, identity.gid)
        except FileExistsError:
            pass
        found = path.lstat()
        if found.st_mode & ~0o7000 == _PRIVATE_FOLDER and found.st_uid == identity.uid:
            return path
    raise UnavailableError(
        Text(th=f"ใช้โฟลเดอร์ {stem} ไม่ได้", en=f"The folder {stem} cannot be used.")
    )


def _elsewhere() -> Path:
    if os.geteuid() == 0:
        return _SYSTEM_STATE
    home = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(home) / "muang"


def _unprivileged() -> Identity:
    for name in _UNPRIVILEGED:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(name, user.pw_uid, user.pw_gid)
    raise UnavailableError(
        Text(
            th="PostgreSQL ไม่ยอมทำงานด้วยสิทธิ์ root และเครื่องนี้ไม่มีผู้ใช้ postgres หรือ nobody "
            "ให้สั่งด้วยผู้ใช้ธรรมดา",
            en="PostgreSQL does not run as root, and this machine has no user postgres or nobody. "
            "Run ./muang as an ordinary user.",
        )
    )


def _identity_of(uid: int, base: Path) -> Identity:
    if os.geteuid() not in (0, uid):
        raise UnavailableError(
            Text(
                th=f"ฐานข้อมูลใน {base} เป็นของผู้ใช้อื่น (uid {uid}) ให้สั่งด้วยผู้ใช้เดิม หรือใช้ sudo",
                en=f"The database in {base} belongs to another user (uid {uid}): "
                "run ./muang as the user who made it, or with sudo.",
            )
        )
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return Identity(str(uid), uid, os.getegid())
    return Identity(user.pw_name, uid, user.pw_gid)


def _owner(data: Path) -> int | None:
    try:
        return data.stat().st_uid
    except OSError:
        return None


def _can_enter(folder: Path, identity: Identity) -> bool:
    """Whether the user can get to the folder, asked of the kernel rather than of mode bits."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    asked = subprocess.run(["test", "-x", str(folder)], cwd="/", check=False, **identity.popen)
    return asked.returncode == 0
