"""The Python shown in our pages runs as it stands against a served town."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "notebooks.md")
EXAMPLES = [
    pytest.param(code, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, code in enumerate(
        re.findall(
            r"^```python\n(.*?)^```$", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
        )
    )
]

pytestmark = pytest.mark.notebook


@pytest.mark.parametrize("code", EXAMPLES)
def test_the_example_runs(code: str, town_url: str, analyst_token: str, tmp_path: Path) -> None:
    """As beside `./muang notebook`, which tells them the address and gives an analyst's token."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "notebooks")))
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ
        | {"MUANG_PUBLIC_URL": town_url, "MUANG_TOKEN": analyst_token, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    for page in tmp_path.glob("*.html"):
        assert "เขตน้ำท่วม" in page.read_text(encoding="utf-8")
