"""Where things are: the checkout, its `.muang` folder, and its short name."""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Checkout:
    """One checkout (or installed copy) of the project; everything it makes hangs below `state`.

    Two checkouts on one machine never share a cluster, a port or a socket: `key`, the first 12
    hex digits of the SHA-256 of the real path, names what has to live outside the folder.
    """

    root: Path

    @classmethod
    def here(cls) -> Self:
        """The checkout this code runs from."""
        return cls(Path(__file__).resolve().parents[1])

    @cached_property
    def key(self) -> str:
        """12 hex digits that name this checkout on this machine."""
        return hashlib.sha256(os.fsencode(self.root.resolve())).hexdigest()[:12]

    @property
    def state(self) -> Path:
        """`.muang`: everything the project makes at run time, safe to look into."""
        return self.root / ".muang"

    @property
    def log_dir(self) -> Path:
        """Logs of the server, the cluster and unexpected errors."""
        return self.state / "log"

    @property
    def secret_file(self) -> Path:
        """Secret of the town roles' passwords on a server of yours (MUANG_DATABASE_URL)."""
        return self.state / "secret"

    @property
    def dashboard(self) -> Path:
        """Sources of the dashboard."""
        return self.root / "maps" / "dashboard"


def write_private(path: Path, text: str) -> None:
    """Write a file only we may read, whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
