"""Scratch checkouts: folders with a cluster of their own, taken down after each test."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ops.checkout import Checkout
from ops.cluster import Cluster

ROOT = Path(__file__).resolve().parents[2]
THAI = "เมือง ทดสอบ $HOME 'q'"


def clear(checkout: Checkout) -> None:
    """Stop the checkout's cluster and remove what it keeps outside its folder."""
    cluster = Cluster(checkout)
    with suppress(OSError):
        cluster.stop()
    if not cluster.place.base.is_relative_to(checkout.root):
        shutil.rmtree(cluster.place.base.parent, ignore_errors=True)
    for left in Path("/tmp").glob(f"muang-{checkout.key}-*"):  # noqa: S108 - our own sockets
        shutil.rmtree(left, ignore_errors=True)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder every user may enter: pytest's own are closed to the cluster's user."""
    folder = Path(tempfile.mkdtemp(prefix="muang-test-"))
    folder.chmod(stat.S_IRWXU | stat.S_IXGRP | stat.S_IXOTH)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def scratch(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkout]:
    """An empty checkout below a path with spaces, Thai letters and what a shell would eat."""
    monkeypatch.delenv("MUANG_DATABASE_URL", raising=False)
    root = open_folder / THAI / "muang"
    root.mkdir(parents=True)
    checkout = Checkout(root)
    yield checkout
    clear(checkout)


def environment() -> dict[str, str]:
    """Our environment without settings that would lead a scratch checkout elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith("MUANG_")}
