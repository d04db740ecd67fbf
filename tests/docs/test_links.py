"""Links between our pages lead somewhere, and commands they show exist."""

import re
from pathlib import Path

import pytest

from ops.docs.commands_page import walk

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"\./muang((?: +[a-z][a-z-]*)*)")
HEADING = re.compile(r"^#+ (.+)$", flags=re.MULTILINE)


def _anchors(text: str) -> set[str]:
    """Heading anchors as GitHub makes them: lower case, spaces to hyphens, marks left out."""
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        for heading in HEADING.findall(text)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        assert file.is_relative_to(ROOT), f"{page.name} links out of the project: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file.read_text(encoding="utf-8")), f"{page.name}: {target}"


@pytest.fixture(scope="module")
def commands() -> dict[str, bool]:
    """Every command path, and whether it is a group that needs a further word."""
    return {path: hasattr(context.command, "commands") for path, context in walk()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_shown_exist(page: Path, commands: dict[str, bool]) -> None:
    for words in COMMAND.findall(page.read_text(encoding="utf-8")):
        path = "muang"
        for word in words.split():
            if not commands[path]:
                break  # an argument of the command
            path = f"{path} {word}"
            assert path in commands, f"{page.name} shows ./{path}, which does not exist"
