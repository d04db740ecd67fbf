"""Our OpenAPI 3.1 description in the older 3.0 form, which the OGC standard and QGIS read."""

from typing import Any

VERSION = "3.0.3"
_DROPPED = frozenset({"$schema", "contentMediaType", "contentEncoding", "propertyNames"})


def lowered(document: dict[str, Any]) -> dict[str, Any]:
    """A copy of an OpenAPI 3.1 document that says the same in OpenAPI 3.0."""
    made: dict[str, Any] = _lower(document)
    return {**made, "openapi": VERSION}


def _lower(part: Any) -> Any:
    if isinstance(part, list):
        return [_lower(each) for each in part]
    if not isinstance(part, dict):
        return part
    made = {name: _lower(value) for name, value in part.items() if name not in _DROPPED}
    return _bounds(_const(_tuple(_nullable(made))))


def _nullable(made: dict[str, Any]) -> dict[str, Any]:
    """`anyOf [X, null]` becomes X with `nullable`; an alternative of null alone is dropped."""
    choices = made.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return made
    others = [choice for choice in choices if choice != {"type": "null"}]
    rest = {name: value for name, value in made.items() if name != "anyOf"}
    if len(others) == 1 and "$ref" not in others[0]:
        return {**others[0], **rest, "nullable": True}
    key = "allOf" if len(others) == 1 else "anyOf"
    return {**rest, key: others, "nullable": True}


def _const(made: dict[str, Any]) -> dict[str, Any]:
    if "const" not in made or isinstance(made["const"], dict):
        return made
    value = made.pop("const")
    return {**made, "enum": [value]}


def _tuple(made: dict[str, Any]) -> dict[str, Any]:
    """Arrays of fixed places have no 3.0 form: any of the places' schemas, so many times."""
    places = made.pop("prefixItems", None) if isinstance(made.get("prefixItems"), list) else None
    if places is None:
        return made
    different = [place for n, place in enumerate(places) if place not in places[:n]]
    return {**made, "items": different[0] if len(different) == 1 else {"anyOf": different}}


def _bounds(made: dict[str, Any]) -> dict[str, Any]:
    for name, plain in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        bound = made.get(name)
        if isinstance(bound, int | float) and not isinstance(bound, bool):
            made = {**made, plain: bound, name: True}
    examples = made.get("examples")
    if isinstance(examples, list):
        made = {name: value for name, value in made.items() if name != "examples"}
        made["example"] = examples[0]
    return made
