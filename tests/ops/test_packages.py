"""Which system package is chosen, and what is said where none can be installed."""

from pathlib import Path

import pytest

from layers.errors import UnavailableError
from ops import apt, packages
from ops.checkout import Checkout
from ops.progress import Progress


def offer(folder: Path, monkeypatch: pytest.MonkeyPatch, default: int, *majors: int) -> None:
    """Put an `apt-cache` first on PATH that offers PostGIS for these PostgreSQL versions."""
    lines = "\n".join(f"echo 'postgresql-{major}-postgis-3 - spatial'" for major in majors)
    folder.mkdir(exist_ok=True)
    program = folder / "apt-cache"
    program.write_text(
        f'#!/bin/sh\nif [ "$1" = depends ]; then echo "  Depends: postgresql-{default}"; exit; fi\n'
        f"{lines}\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


@pytest.mark.parametrize(
    ("present", "offered", "chosen"),
    [
        ([], [15, 17], 17),
        ([], [16, 17, 18], 17),
        ([16], [16, 17, 18], 16),
        ([14], [17], 17),
        ([], [15, 16], 16),
    ],
)
def test_the_package_follows_the_server_present_then_the_distribution(
    present: list[int],
    offered: list[int],
    chosen: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(tmp_path, monkeypatch, 17, *offered)
    monkeypatch.setattr(packages, "server_majors", lambda: present)
    assert packages.postgis_package() == f"postgresql-{chosen}-postgis-3"


def test_data_of_one_version_asks_for_that_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(tmp_path, monkeypatch, 17, 15, 17)
    assert packages.postgis_package(15) == "postgresql-15-postgis-3"
    with pytest.raises(UnavailableError, match="made by PostgreSQL 13"):
        packages.postgis_package(13)


def test_where_nothing_can_be_installed_the_three_ways_out_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "find_postgres", lambda _major: None)
    monkeypatch.setattr(apt, "is_here", lambda: False)
    with pytest.raises(UnavailableError) as caught:
        packages.need_postgres(Checkout(tmp_path), Progress())
    for sentence in (caught.value.detail.th, caught.value.detail.en):
        assert "MUANG_DATABASE_URL" in sentence
        assert "compose" in sentence
        assert "(1)" in sentence


def test_without_root_and_sudo_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="no sudo"):
        apt.root_prefix()


def test_root_needs_no_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert apt.root_prefix() == []
