"""Every layer is declared completely, closed by default, and can be drawn and explained."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from layers.catalog import LAYERS, drawn, get
from layers.errors import NotFoundError
from layers.model import EVERYONE, OFFICE, Field, FieldType, Layer, Role, RowRule, Scope
from layers.privacy import may_filter, may_see, scope_of, tile_fields, visible_fields, visible_rows
from layers.style import Style, StyleClass, Symbol
from layers.text import Text

MISSION = {"parcels", "permits", "waste_routes", "flood_zones", "care_locations"}
BESIDE = {"houses", "households", "town_boundary", "communities", "roads", "shelters", "facilities"}
NAME = Text(th="ชื่อ", en="Name")
THAI = re.compile(r"[\u0e00-\u0e7f]")


def field(**changes: object) -> Field:
    return Field(**{"name": "a", "type": FieldType.TEXT, "title": NAME, **changes})


def layer(**changes: object) -> Layer:
    given_ = {
        "id": "a",
        "title": NAME,
        "description": NAME,
        "geometry": None,
        "fields": (field(),),
        "natural_key": ("a",),
    }
    return Layer(**{**given_, **changes})


def test_the_mission_layers_are_there() -> None:
    assert {item.id for item in LAYERS} >= MISSION | BESIDE


@pytest.mark.parametrize("item", LAYERS, ids=lambda item: item.id)
def test_titles_are_thai_in_thai(item: Layer) -> None:
    texts = [item.title, item.description, *(f.title for f in item.fields)]
    texts += [c.label for f in item.fields for c in f.codes]
    texts += [c.label for c in item.style.classes] if item.style else []
    for text in texts:
        assert THAI.search(text.th) or re.fullmatch(r"[\d.\- มเกิน]+", text.th), text
        assert not THAI.search(text.en), text


@pytest.mark.parametrize("item", LAYERS, ids=lambda item: item.id)
def test_the_natural_key_is_seen_by_whoever_sees_the_layer(item: Layer) -> None:
    for role in Role:
        if may_see(item, role):
            seen = {f.name for f in visible_fields(item, role)}
            assert set(item.natural_key) <= seen


def test_silence_means_office_only() -> None:
    assert field().audience == OFFICE
    assert Role.PUBLIC not in OFFICE
    assert layer().audience == OFFICE
    assert not may_see(layer(), Role.PUBLIC)
    assert visible_fields(layer(), Role.PUBLIC) == ()


def test_a_personal_field_can_never_be_public() -> None:
    with pytest.raises(ValidationError, match="cannot be public"):
        field(personal=True, audience=EVERYONE)


def test_nothing_personal_reaches_the_public() -> None:
    for item in LAYERS:
        for seen in visible_fields(item, Role.PUBLIC):
            assert not seen.personal


def test_homes_of_people_in_care_exist_only_for_those_who_help() -> None:
    care = get("care_locations")
    homes = {
        role
        for role in Role
        if (rules := visible_rows(care, role)) is None or any(r.value == "home" for r in rules)
    }
    assert homes == {Role.CARE, Role.ADMIN, Role.COORDINATOR, Role.TEAM}
    assert {role for role in Role if may_filter(care, "diagnosis", role)} == {Role.CARE, Role.ADMIN}
    assert {role: scope_of(care, role) for role in homes} == {
        Role.ADMIN: None,
        Role.CARE: Scope.COMMUNITIES,
        Role.COORDINATOR: Scope.EVENT,
        Role.TEAM: Scope.TASKS,
    }


def test_a_caregivers_communities_bound_the_households_they_know() -> None:
    households = get("households")
    assert [role for role in Role if scope_of(households, role)] == [Role.CARE]
    assert scope_of(households, Role.CARE) is Scope.COMMUNITIES
    assert visible_rows(households, Role.STAFF) is None


def test_a_row_rule_names_a_field_with_its_value_or_neither() -> None:
    with pytest.raises(ValidationError, match="both field and value"):
        RowRule(field="kind", audience=OFFICE)


def test_tiles_carry_only_what_a_style_needs() -> None:
    for item in LAYERS:
        for seen in tile_fields(item, Role.ADMIN):
            assert seen.in_tile
            assert not seen.personal


def test_drawing_order_is_complete() -> None:
    assert next(item.id for item in drawn()) == "water"
    assert {item.id for item in drawn()} == {item.id for item in LAYERS if item.style}


def test_an_unknown_layer_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match="parcels"):
        get("parcel")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"natural_key": ("b",)}, "not declared"),
        ({"fields": (field(), field())}, "twice"),
        ({"fields": (field(name="geom"),), "natural_key": ("geom",)}, "own columns"),
        ({"fields": (field(name="id"),), "natural_key": ("id",)}, "own columns"),
        ({"id": "Not A Name"}, "lower snake_case"),
        ({"row_rules": (RowRule(field="x", value="y", audience=OFFICE),)}, "not declared"),
    ],
)
def test_a_wrong_declaration_does_not_load(changes: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        layer(**changes)


def test_a_style_needs_its_fields_in_the_tile() -> None:
    style = Style(
        symbol=Symbol.FILL,
        order=1,
        field="a",
        classes=(StyleClass(key="k", label=NAME, color="#112233"),),
    )
    with pytest.raises(ValidationError, match="in the tile"):
        layer(style=style)


@given(st.text(max_size=8))
def test_field_names_are_plain_identifiers(name: str) -> None:
    plain = re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) is not None
    try:
        field(name=name)
    except ValidationError:
        assert not plain
    else:
        assert plain
