"""Pages written from the code say what the code says; `python -m ops.docs` writes them anew."""

import pytest

from layers.catalog import LAYERS
from layers.model import SYSTEM_FIELDS
from ops.docs import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_what_the_code_says(name: str) -> None:
    file = FOLDER / name
    assert file.is_file(), f"run `python -m ops.docs`: docs/{name} is missing"
    said = file.read_text(encoding="utf-8")
    assert said == PAGES[name](), f"run `python -m ops.docs`: docs/{name} has drifted"


def test_every_layer_and_field_is_described() -> None:
    page = PAGES["layers.md"]()
    for layer in LAYERS:
        start = page.index(f"## `{layer.id}`")
        part = page[start : page.find("\n## ", start + 1)]
        assert layer.title.th in part
        assert layer.title.en in part
        for field in layer.fields:
            row = next(line for line in part.splitlines() if line.startswith(f"| `{field.name}` |"))
            assert field.title.th in row
            assert ("personal" in row.split("|")[6]) == field.personal
    for field in SYSTEM_FIELDS:
        assert f"| `{field.name}` |" in page
