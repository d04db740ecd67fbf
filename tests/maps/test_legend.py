"""What a role sees of the legend: never a class of a field it may not see."""

import pytest

from layers.catalog import LAYERS, get
from layers.declare import text
from layers.model import EVERYONE, GeometryKind, Layer, Role
from layers.privacy import may_see, visible_fields
from layers.style import Style, StyleClass, Symbol
from layers.text import Text
from maps.legend import NEUTRAL, drawn, legend


def _entry(role: Role, layer_id: str) -> dict[str, object]:
    return next(entry for entry in legend(LAYERS, role) if entry["layer"] == layer_id)


def _keys(role: Role, layer_id: str) -> list[str]:
    classes = _entry(role, layer_id)["classes"]
    assert isinstance(classes, list)
    return [each["key"] for each in classes]


def test_top_of_the_map_comes_first() -> None:
    names = [entry["layer"] for entry in legend(LAYERS, Role.ADMIN)]
    orders = [style.order for name in names if (style := get(str(name)).style)]
    assert orders == sorted(orders, reverse=True)
    assert names[0] == "care_locations"
    assert "households" not in names  # a table without geometry is not drawn


def test_the_public_legend_knows_nothing_of_bedridden_people() -> None:
    assert _keys(Role.PUBLIC, "care_locations") == ["facility"]
    assert _keys(Role.CARE, "care_locations")[:2] == ["bedridden", "homebound"]
    assert all(entry["layer"] != "houses" for entry in legend(LAYERS, Role.PUBLIC))


@pytest.mark.parametrize("role", list(Role))
def test_every_layer_of_the_legend_is_one_the_role_may_see(role: Role) -> None:
    shown = drawn(LAYERS, role)
    assert shown
    for each in shown:
        assert may_see(each.layer, role)
        seen = {field.name for field in visible_fields(each.layer, role)}
        assert {each.field, each.label} - {None} <= seen


def test_every_value_of_a_coded_field_has_a_class() -> None:
    for each in drawn(LAYERS, Role.ADMIN):
        assert each.remainder.values == () or each.field is None
        assert all(cls.values for cls in each.classes[:-1])


def _layer(style: Style) -> Layer:
    kind = text("kind", "ประเภท", "Kind", EVERYONE, in_tile=True)
    return Layer(
        id="things",
        title=Text(th="สิ่งของ", en="Things"),
        description=Text(th="สิ่งของ", en="Things"),
        geometry=GeometryKind.POINT,
        fields=(kind,),
        natural_key=("kind",),
        audience=EVERYONE,
        style=style,
    )


def test_a_style_that_names_every_value_still_draws_a_new_one() -> None:
    known = StyleClass(key="a", label=Text(th="ก", en="A"), color="#112233", values=("a",))
    layer = _layer(Style(symbol=Symbol.MARKER, classes=(known,), field="kind", order=1))
    (each,) = drawn([layer], Role.PUBLIC)
    assert [cls.key for cls in each.classes] == ["a", "not_stated"]
    assert each.remainder.color == NEUTRAL
    assert each.remainder.values == ()


def test_a_layer_without_a_class_field_keeps_its_one_class() -> None:
    (each,) = drawn([get("waste_stops")], Role.PUBLIC)
    assert [cls.key for cls in each.classes] == ["stop"]
    assert each.kind == "circle"


def test_legend_entries_have_the_agreed_form() -> None:
    shelters = _entry(Role.PUBLIC, "shelters")
    assert set(shelters) == {"layer", "title", "visible", "min_zoom", "classes"}
    assert shelters["title"] == {"th": "ศูนย์พักพิง", "en": "Shelters"}
    assert shelters["classes"] == [
        {
            "key": "shelter",
            "label": {"th": "ศูนย์พักพิง", "en": "Shelter"},
            "color": "#1b6e53",
            "outline": "#ffffff",
            "kind": "icon",
            "shape": "house",
            "size": 15,
            "dash": [],
            "opacity": 1.0,
        }
    ]
    parcels = _entry(Role.PUBLIC, "parcels")["classes"]
    assert isinstance(parcels, list)
    assert {(each["kind"], each["shape"], each["size"]) for each in parcels} == {
        ("fill", None, None)
    }
