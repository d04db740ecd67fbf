"""Every notebook runs from top to bottom against a served town, and is committed clean."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
FILES = sorted(NOTEBOOKS.glob("*.ipynb"))


def _read(file: Path) -> Any:
    return nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]


def _said(cell: Any) -> str:
    return "".join(out.get("text", "") for out in cell["outputs"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_committed_without_outputs(file: Path) -> None:
    notebook = _read(file)
    nbformat.validate(notebook)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.notebook
def test_flood_exposure_agrees_with_its_own_overlay(
    town_url: str, town_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUANG_PUBLIC_URL", town_url)
    monkeypatch.setenv("MUANG_TOKEN", town_token)
    notebook = _read(NOTEBOOKS / "flood_exposure.ipynb")
    client = NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(NOTEBOOKS)}})
    client.execute()
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    assert "100-year flood: 1 zones" in _said(cells["choose"])
    assert "the same, to the parcel" in _said(cells["agree"])
    assert "ST_Intersects" in _said(cells["caveats"])
    (page,) = [out["data"]["text/html"] for out in cells["map"]["outputs"]]
    assert "เขตน้ำท่วม" in page
    assert not re.search("&lt;(script|link|img|iframe)[^&]*(src|href)=", page)
