"""docs/layers.md: every layer and field as declared, and who may see it."""

from layers.catalog import LAYERS
from layers.model import (
    EVERYONE,
    SYSTEM_FIELDS,
    Audience,
    Field,
    Layer,
    Role,
    RowRule,
    Scope,
)
from layers.rasters import RASTERS
from ops.docs.markdown import NOTICE, table

_INTRO = """\
Every layer is declared once, in `layers/<layer>.py`; its table, views, grants, tiles, collection,
style, legend and this page follow from the declaration. To add a layer: write its module, name it
in `layers/catalog.py`, add a migration.

*Who* names the roles that may see, filter, sort and count a field: closed by default. `key` marks
the natural key, `personal` data about a person who can be identified (PDPA), `tile` a field that
is also in vector tiles. Dates are Gregorian here and Buddhist on Thai screens. Coordinates are in
the town's own projected CRS.
"""

_RASTERS = """\
Declared in `layers/rasters.py`; brought by `./muang import elevation|depth FILE.tif`, served below
`/rasters`. Depth has the classes and colours of `flood_zones`. Values beyond those given here are
left empty and counted.
"""

_SCOPES = {
    Scope.COMMUNITIES: "in their communities",
    Scope.EVENT: "during an event",
    Scope.TASKS: "for their tasks",
}


def page() -> str:
    """The page's text."""
    lines = [NOTICE, "", "# Layers", "", _INTRO, "## At a glance", ""]
    lines += table(
        ("layer", "ชื่อ", "title", "geometry", "zooms", "who"),
        (
            (
                f"[`{layer.id}`](#{layer.id})",
                layer.title.th,
                layer.title.en,
                layer.geometry.value if layer.geometry else "table",
                f"{layer.zooms.min}-{layer.zooms.max}" if layer.geometry else "",
                _who_sees(layer),
            )
            for layer in LAYERS
        ),
    )
    lines += ["", "## Columns of every layer", ""]
    lines += _fields(SYSTEM_FIELDS, ())
    for layer in LAYERS:
        lines += _layer(layer)
    lines += ["", "## Rasters", "", _RASTERS]
    lines += table(
        ("raster", "ชื่อ", "title", "unit", "values", "who"),
        (
            (
                f"`{raster.id}`",
                raster.title.th,
                raster.title.en,
                raster.unit,
                f"{raster.minimum:g} to {raster.maximum:g}",
                who(raster.audience),
            )
            for raster in RASTERS
        ),
    )
    return "\n".join(lines) + "\n"


def _layer(layer: Layer) -> list[str]:
    key = ", ".join(f"`{name}`" for name in layer.natural_key)
    lines = ["", f"## `{layer.id}`", "", f"**{layer.title.th} · {layer.title.en}.**"]
    lines += [layer.description.th, layer.description.en, ""]
    kind = layer.geometry.value if layer.geometry else "none, a plain table"
    lines.append(f"Geometry: {kind}. Natural key: {key}. Seen by: {_who_sees(layer)}.")
    if layer.row_rules:
        lines.append(f"Rows: {'; '.join(map(_rule, layer.row_rules))}.")
    return [*lines, "", *_fields(layer.fields, layer.natural_key)]


def _fields(fields: tuple[Field, ...], key: tuple[str, ...]) -> list[str]:
    return table(
        ("field", "ชื่อ", "title", "type", "who", "notes"),
        (
            (
                f"`{field.name}`",
                field.title.th,
                field.title.en,
                f"{field.type.value} ({field.unit})" if field.unit else field.type.value,
                who(field.audience),
                _notes(field, is_key=field.name in key),
            )
            for field in fields
        ),
    )


def _notes(field: Field, *, is_key: bool) -> str:
    marks = {
        "key": is_key,
        "required": field.required,
        "personal": field.personal,
        "tile": field.in_tile,
    }
    notes = [name for name, holds in marks.items() if holds]
    if field.references:
        notes.append(f"names a [`{field.references}`](#{field.references})")
    limits = [
        f"{sign} {limit:g}"
        for sign, limit in (("≥", field.minimum), ("≤", field.maximum))
        if limit is not None
    ]
    notes += [" ".join(limits)] if limits else []
    if field.codes:
        notes.append(", ".join(f"`{code.value}` {code.label.th}" for code in field.codes))
    if field.description:
        notes += [field.description.th, field.description.en]
    return "; ".join(notes)


def _rule(rule: RowRule) -> str:
    rows = f"`{rule.field}` = `{rule.value}`" if rule.field else "all"
    held = "".join(f", {role.value} {_SCOPES[scope]}" for role, scope in rule.scopes)
    return f"{rows} by {who(rule.audience)}{held}"


def _who_sees(layer: Layer) -> str:
    if not layer.row_rules:
        return who(layer.audience)
    return who(frozenset[Role]().union(*(rule.audience for rule in layer.row_rules)))


def who(audience: Audience) -> str:
    """An audience in words: everyone, everyone but the public, or the roles by name."""
    if audience == EVERYONE:
        return "everyone"
    if audience == EVERYONE - {Role.PUBLIC}:
        return "everyone but public"
    return ", ".join(role.value for role in Role if role in audience)
