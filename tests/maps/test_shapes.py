"""Marker shapes: every shape has a drawing that fills its box, and ids a page can parse."""

import re
import xml.etree.ElementTree as ET

import pytest

from layers.catalog import LAYERS
from layers.style import Shape, StyleClass
from layers.text import Text
from maps.shapes import BOX, PATHS, icon_id, svg

ID = re.compile(r"muang-([a-z]+)-([0-9a-f]{6})-([0-9a-f]{6}|none)-(\d+)")
NAME = Text(th="ก", en="A")


@pytest.mark.parametrize("shape", list(Shape))
def test_each_shape_is_drawn_inside_its_box(shape: Shape) -> None:
    path = PATHS[shape]
    assert re.fullmatch(r"[MLHVCAZ0-9. ]+", path)
    assert path.startswith("M")
    assert path.endswith("Z")
    assert all(0 <= float(number) <= BOX for number in re.findall(r"\d+\.?\d*", path))


def test_image_ids_follow_the_contract() -> None:
    heart = StyleClass(
        key="k", label=NAME, color="#7F0000", outline="#ffffff", shape=Shape.HEART, size=13
    )
    assert icon_id(heart) == "muang-heart-7f0000-ffffff-13"
    assert icon_id(heart.model_copy(update={"outline": None, "size": None})) == (
        "muang-heart-7f0000-none-8"
    )
    classes = [cls for layer in LAYERS if layer.style for cls in layer.style.classes]
    for cls in classes:
        found = ID.fullmatch(icon_id(cls))
        assert found
        assert found[1] in set(Shape)


def test_a_marker_is_a_well_formed_picture() -> None:
    for layer in LAYERS:
        for cls in layer.style.classes if layer.style else ():
            root = ET.fromstring(svg(cls))  # noqa: S314 - our own text
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            path = root[0]
            assert path.get("d") == PATHS[cls.shape]
            assert path.get("fill") == cls.color
            assert path.get("stroke") == cls.outline
