"""docs/security.md: every requirement has a verdict, and what it rests on is there."""

import re
import tomllib
from collections import Counter
from pathlib import Path

from ops.check_steps import SCANNED, python_checks
from ops.checkout import Checkout

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (V\d+\.\d+\.\d+) \| ([123]) \| (.+?) \| (.*?) \| (.*) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
PLACE = re.compile(r"`([a-z][\w./-]*/[\w.-]+\.[a-z]+(?:::\w+)?)`")
NAMED = sorted(set(PLACE.findall(PAGE)))
VERDICTS = ("met", "not yet", "n/a")

ASVS = """
V1.1 1-2
V1.2 1-9
V1.3 1-11
V1.4 1-3
V1.5 1-2
V2.1 1-3
V2.2 1-3
V2.3 1-4
V2.4 1
V3.2 1-2
V3.3 1-4
V3.4 1-6
V3.5 1-5
V3.7 1-2
V4.1 1-3
V4.2 1
V4.3 1-2
V4.4 1-4
V5.1 1
V5.2 1-3
V5.3 1-2
V5.4 1-3
V6.1 1-3
V6.2 1-12
V6.3 1-4
V6.4 1-4
V6.5 1-5
V6.6 1-3
V6.8 1-4
V7.1 1-3
V7.2 1-4
V7.3 1-2
V7.4 1-5
V7.5 1-2
V7.6 1-2
V8.1 1-4
V8.2 1-4
V8.3 1-3
V8.4 1-2
V9.1 1-3
V9.2 1-4
V10.1 1-2
V10.2 1-2
V10.3 1-4
V10.4 1-11
V10.5 1-5
V10.6 1-2
V10.7 1-3
V11.1 1-2
V11.2 1-3
V11.3 1-3
V11.4 1-4
V11.5 1
V11.6 1
V12.1 1-3
V12.2 1-2
V12.3 1-4
V13.1 1
V13.2 1-5
V13.3 1-2
V13.4 1-5
V14.1 1-2
V14.2 1-8
V14.3 1-3
V15.1 1-3
V15.2 1-3
V15.3 1-7
V16.1 1
V16.2 1-5
V16.3 1-4
V16.4 1-3
V16.5 1-4
V17.1 1
V17.2 1-4
V17.3 1-2
"""
"""Numbers of ASVS 5.0.0: levels 1 and 2 of every chapter, level 3 of V8, V14 and V16."""


def numbers() -> list[str]:
    """The requirements to be answered, in their order."""
    found = []
    for line in ASVS.split("\n")[1:-1]:
        section, parts = line.split()
        for part in parts.split(","):
            first, _, last = part.partition("-")
            found += [f"{section}.{n}" for n in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_is_answered_once_and_in_order() -> None:
    assert [row[0] for row in ROWS] == numbers()
    # as many as the standard has of levels 1 and 2, and of level 3 in the three chapters
    assert Counter(row[1] for row in ROWS) == {"1": 70, "2": 183, "3": 11}
    assert PAGE.count("| V") == len(ROWS), "a row that cannot be read"


def test_each_has_a_verdict_and_what_it_rests_on() -> None:
    headings = set(re.findall(r"^## (.+)$", PAGE, re.MULTILINE))
    for number, _, asked, verdict, why in ROWS:
        assert verdict in VERDICTS, number
        assert asked.strip(), number
        assert why.strip(), number
        on_this_page = set(re.findall("“([^”]+)” on this page", why))
        assert all(any(h.startswith(name) for h in headings) for name in on_this_page), number
        assert verdict != "met" or on_this_page or PLACE.search(why), f"{number} rests on nothing"


def test_what_is_named_is_there() -> None:
    assert len(NAMED) > len(ROWS) / 3
    for name in NAMED:
        path, _, test = name.partition("::")
        assert (ROOT / path).is_file(), f"docs/security.md names {path}"
        if test:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^(?:async )?def {test}\(", text, re.MULTILINE), name


def test_the_sum_is_right() -> None:
    counted = Counter(row[3] for row in ROWS)
    assert (
        f"Of {len(ROWS)} requirements {counted['met']} are met, {counted['not yet']} not yet, "
        f"{counted['n/a']} do not apply." in PAGE
    )


def test_bandit_reads_every_package_and_skips_only_what_ruff_keeps() -> None:
    """A rule bandit passes over is one of ruff's, where each exception stands on its line."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tool, lint = project["tool"], project["tool"]["ruff"]["lint"]
    assert "bandit" in {check.title.en for check in python_checks(Checkout.here())}
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(SCANNED)
    assert lint["select"] == ["ALL"]
    everywhere = {code for code in lint["ignore"] if re.match(r"S\d*$", code)}
    assert everywhere == set()
    kept_by_ruff = {code.replace("B", "S") for code in tool["bandit"]["skips"]} - {"S404"}
    for folder, codes in lint["per-file-ignores"].items():
        left_to_reviewers = {"S603", "S607"} if folder == "ops/**" else set()
        ours = not folder.startswith(("tests", "bench"))
        assert not ours or kept_by_ruff & set(codes) <= left_to_reviewers, folder
