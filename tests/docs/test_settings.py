"""Every `MUANG_` variable that any file of ours reads is described in docs/settings.md."""

import re
import subprocess
from pathlib import Path

from api.settings import ServerSettings
from ops.docs.settings_page import page

ROOT = Path(__file__).resolve().parents[2]
READERS = (".py", ".ts", ".sh", ".yml", ".toml", ".ipynb", "muang", "Dockerfile", "run")
NAME = re.compile(r"\bMUANG_[A-Z0-9_]+\b")


def _ours() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name.endswith(READERS) and (ROOT / name).is_file()]


def test_every_variable_is_described() -> None:
    described = set(NAME.findall(page()))
    read = {
        name: file.relative_to(ROOT)
        for file in _ours()
        for name in NAME.findall(file.read_text(encoding="utf-8"))
    }
    assert len(read) > 5
    missing = {name: str(file) for name, file in read.items() if name not in described}
    assert missing == {}, "describe them in ops/docs/settings_page.py"


def test_nothing_is_described_that_nobody_reads() -> None:
    text = "\n".join(
        file.read_text(encoding="utf-8")
        for file in _ours()
        if file.name != "settings_page.py" and "tests/docs" not in file.as_posix()
    )
    described = set(NAME.findall(page()))
    # the server's settings are read by the names of their fields
    fields = {f"MUANG_{name.upper()}" for name in ServerSettings.model_fields}
    assert {name for name in described - fields if name not in text} == set()
