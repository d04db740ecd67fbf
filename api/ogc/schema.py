"""JSON Schema of a layer as one role sees it: what items return, and what may be asked about."""

from typing import Any

from api.access import layers_of
from api.ogc.parameters import temporal_field
from layers.model import SYSTEM_FIELDS, Field, FieldType, GeometryKind, Layer, Role
from layers.privacy import visible_fields
from layers.text import Lang

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TYPES: dict[FieldType, dict[str, Any]] = {
    FieldType.TEXT: {"type": "string"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.DATETIME: {"type": "string", "format": "date-time"},
}
_SYSTEM = frozenset(field.name for field in SYSTEM_FIELDS)


def returnables(layer: Layer, role: Role, lang: Lang, uri: str) -> dict[str, Any]:
    """Schema of the features this role gets from `items`."""
    required = [field.name for field in visible_fields(layer, role) if field.required]
    return {**_schema(layer, role, lang, uri), "required": required}


def queryables(layer: Layer, role: Role, lang: Lang, uri: str) -> dict[str, Any]:
    """Schema of the properties this role may filter by."""
    return {**_schema(layer, role, lang, uri), "additionalProperties": False}


def _schema(layer: Layer, role: Role, lang: Lang, uri: str) -> dict[str, Any]:
    instant = temporal_field(layer, role)
    properties = {
        field.name: _field(field, lang, instant is field, role)
        for field in visible_fields(layer, role)
    }
    if layer.geometry is not None:
        properties["geometry"] = _geometry(layer.geometry, lang)
    for place, name in enumerate(properties, start=1):
        properties[name]["x-ogc-propertySeq"] = place
    return {
        "$schema": DIALECT,
        "$id": uri,
        "type": "object",
        "title": layer.title.get(lang),
        "description": layer.description.get(lang),
        "properties": properties,
    }


def _field(field: Field, lang: Lang, is_instant: bool, role: Role) -> dict[str, Any]:
    made: dict[str, Any] = {"title": field.title.get(lang)}
    if field.description is not None:
        made["description"] = field.description.get(lang)
    codes = _codes(field, lang)
    if field.type is FieldType.TEXT_LIST:
        made |= {"type": "array", "items": {"type": "string", **codes}}
    else:
        made |= {**_TYPES[field.type], **codes}
    optional = {
        "x-unit": field.unit,
        "minimum": field.minimum,
        "maximum": field.maximum,
        "readOnly": True if field.name in _SYSTEM else None,
        "x-muang-personal": True if field.personal else None,
        "x-muang-references": field.references if _is_seen(field.references, role) else None,
        "x-ogc-role": "id" if field.name == "id" else "primary-instant" if is_instant else None,
    }
    return made | {name: value for name, value in optional.items() if value is not None}


def _is_seen(layer_id: str | None, role: Role) -> bool:
    return any(layer.id == layer_id for layer in layers_of(role))


def _codes(field: Field, lang: Lang) -> dict[str, Any]:
    if not field.codes:
        return {}
    return {
        "enum": [code.value for code in field.codes],
        "x-enumLabels": {code.value: code.label.get(lang) for code in field.codes},
    }


def _geometry(kind: GeometryKind, lang: Lang) -> dict[str, Any]:
    return {
        "title": "รูปบนแผนที่" if lang == "th" else "Geometry",
        "format": f"geometry-{kind.value.lower()}",
        "x-ogc-role": "primary-geometry",
    }
