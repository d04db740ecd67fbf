"""Pages of `docs/` that are written from the code: `python -m ops.docs` writes them anew.

A test fails when a page and the code disagree, so what these pages say is so.
"""

from collections.abc import Callable
from pathlib import Path

from ops.docs import commands_page, layers_page, settings_page

FOLDER = Path(__file__).resolve().parents[2] / "docs"

PAGES: dict[str, Callable[[], str]] = {
    "layers.md": layers_page.page,
    "settings.md": settings_page.page,
    "commands.md": commands_page.page,
}
"""File name below `docs/` -> what writes its text."""


def write() -> list[str]:
    """Write every page that differs; returns the names of those written."""
    changed = []
    for name, page in PAGES.items():
        file, text = FOLDER / name, page()
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            changed.append(name)
    return changed
