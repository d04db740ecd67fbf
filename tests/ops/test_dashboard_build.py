"""When the dashboard is built, and when it is left alone."""

from io import StringIO
from pathlib import Path

import pytest

from ops import dashboard
from ops.checkout import Checkout
from ops.progress import Progress


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "maps" / "dashboard"
    for name in ("src", "tests", "node_modules", "dist"):
        (folder / name).mkdir(parents=True)
    (folder / "src" / "main.ts").write_text("1")
    (folder / "package-lock.json").write_text("{}")
    (folder / "dist" / "index.html").write_text("<p>")
    (tmp_path / ".muang").mkdir()
    return Checkout(tmp_path)


def test_the_hash_follows_sources_and_nothing_else(checkout: Checkout) -> None:
    before = dashboard.source_hash(checkout.dashboard)
    for other in ("tests/a.ts", "node_modules/a.js", "dist/a.js", "x.tsbuildinfo"):
        (checkout.dashboard / other).write_text("2")
    assert dashboard.source_hash(checkout.dashboard) == before
    (checkout.dashboard / "src" / "main.ts").write_text("2")
    assert dashboard.source_hash(checkout.dashboard) != before


def test_names_and_contents_cannot_be_confused(checkout: Checkout) -> None:
    source = checkout.dashboard / "src"
    (source / "a").write_text("bc")
    one = dashboard.source_hash(checkout.dashboard)
    (source / "a").rename(source / "ab")
    (source / "ab").write_text("c")
    assert dashboard.source_hash(checkout.dashboard) != one


def test_a_built_dashboard_needs_neither_node_nor_network(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout.state / "dashboard.stamp").write_text(dashboard.source_hash(checkout.dashboard))
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(dashboard, "npm", lambda *arguments: ran.append(arguments))
    dashboard.need_dashboard(checkout, Progress(StringIO()))
    assert ran == []


def test_changed_sources_are_built_aside_and_swapped(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def npm(_checkout: Checkout, _step: object, *arguments: str) -> str:
        ran.append(arguments[0])
        if arguments[0] == "run":
            assert (checkout.dashboard / "dist" / "index.html").exists()
            (checkout.dashboard / "dist.new").mkdir()
            (checkout.dashboard / "dist.new" / "index.html").write_text("new")
        return ""

    monkeypatch.setattr(dashboard, "npm", npm)
    dashboard.need_dashboard(checkout, Progress(StringIO()))
    assert ran == ["ci", "run"]
    assert (checkout.dashboard / "dist" / "index.html").read_text() == "new"
    dashboard.need_dashboard(checkout, Progress(StringIO()))
    assert ran == ["ci", "run"]
