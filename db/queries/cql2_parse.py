"""CQL2 text or JSON -> a small checked tree. Nothing of the caller's text survives but literals.

The `cql2` library parses; this module allows: every property must be one the caller may see,
every operator and function one of those named here, every literal of its field's type, and the
whole no larger than the limits. `db.queries.cql2_sql` turns the tree into SQL parameters.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import cql2

from db.queries.cql2_shape import Shape, refuse, shape
from layers.model import Field, FieldType

MAX_CHARACTERS = 8_192
MAX_NESTING = 30
MAX_NODES = 500

COMPARE = ("=", "<>", "<", "<=", ">", ">=")
SPATIAL = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
"""CQL2 spatial predicates and the PostGIS functions they are; literals are in EPSG:4326."""
TEMPORAL = {"t_after": ">", "t_before": "<", "t_equals": "="}
ARRAY = {"a_contains": "@>", "a_containedby": "<@", "a_equals": "=", "a_overlaps": "&&"}
GEOMETRY = "geometry"
"""The name under which a layer's geometry is a property; the column's own name works as well."""
_GEOMETRIES = ({"property": GEOMETRY}, {"property": "geom"})


@dataclass(frozen=True)
class Property:
    """A field of the layer that the caller may see; `casei` compares without case."""

    field: Field
    casei: bool = False


@dataclass(frozen=True)
class Literal:
    """A value already of its field's type; `casei` compares without case."""

    value: object
    casei: bool = False


@dataclass(frozen=True)
class Node:
    """An operator and its operands, all of them checked."""

    op: str
    args: tuple["Node | Property | Literal | Shape | tuple[Literal, ...]", ...]


def properties_of(tree: Node) -> frozenset[str]:
    """Names of the properties a condition asks about."""
    found: set[str] = set()
    for arg in tree.args:
        if isinstance(arg, Node):
            found |= properties_of(arg)
        elif isinstance(arg, Property):
            found.add(arg.field.name)
    return frozenset(found)


def parse(
    text: str, fields: Mapping[str, Field], *, has_geometry: bool, lang: str = "cql2-text"
) -> Node:
    """The checked tree of a filter over these fields; BadRequestError says what is wrong."""
    if len(text) > MAX_CHARACTERS:
        raise refuse(f"ยาวเกิน {MAX_CHARACTERS} ตัวอักษร", f"longer than {MAX_CHARACTERS} characters.")
    if "\0" in text or "\\u0000" in text:
        raise refuse("มีอักขระ NUL", "it holds a NUL character.")
    if _nesting(text) > MAX_NESTING:
        raise refuse(f"ซ้อนกันเกิน {MAX_NESTING} ชั้น", f"nested deeper than {MAX_NESTING}.")
    if len(_RECURSING.findall(text)) > MAX_NODES:
        raise refuse("ซับซ้อนเกินไป", "it is too complex.")
    try:
        expression = cql2.parse_json(text) if lang == "cql2-json" else cql2.parse_text(text)
        tree: Any = expression.to_json()
    except Exception as error:  # the parser raises bare exceptions, for POINT EMPTY among others
        raise refuse("เขียนผิดไวยากรณ์ CQL2", "it is not valid CQL2.") from error
    return _Reader(fields, has_geometry=has_geometry).node(tree, 0)


def _nesting(text: str) -> int:
    """Deepest nesting of brackets, counted before any parser may recurse into them."""
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


_RECURSING = re.compile(r"[=<>+*/^%]|-(?![\d.])|\b(?:NOT|LIKE|DIV)\b", re.IGNORECASE)
"""What the parser calls itself for: 4,000 times `- ` or `=a` and the process is no more."""


class _Reader:
    """Walks the parsed JSON once and lets through only what is allowed."""

    def __init__(self, fields: Mapping[str, Field], *, has_geometry: bool) -> None:
        self._fields = fields
        self._has_geometry = has_geometry
        self._nodes = 0

    def node(self, tree: Any, depth: int) -> Node:
        """A predicate."""
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_NESTING:
            raise refuse("ซับซ้อนเกินไป", "it is too complex.")
        if isinstance(tree, bool):
            return Node("true" if tree else "false", ())
        if not isinstance(tree, dict) or not isinstance(tree.get("op"), str):
            raise refuse("ต้องเป็นเงื่อนไข", "a condition is needed where there is none.")
        op, args = tree["op"].lower(), tree.get("args")
        if not isinstance(args, list):
            raise refuse("เงื่อนไขไม่ครบ", "a condition is not complete.")
        if op in ("and", "or") and args:
            return Node(op, tuple(self.node(arg, depth + 1) for arg in args))
        if op == "not" and len(args) == 1:
            return Node(op, (self.node(args[0], depth + 1),))
        return self._leaf(op, args)

    def _leaf(self, op: str, args: list[Any]) -> Node:
        readers: dict[str, Callable[..., Node]] = {
            **dict.fromkeys(COMPARE, self._compare),
            "like": self._like,
            "between": self._between,
            "in": self._in,
            "isnull": self._is_null,
            **dict.fromkeys(SPATIAL, self._spatial),
            **dict.fromkeys(TEMPORAL, self._temporal),
            **dict.fromkeys(ARRAY, self._array),
        }
        reader = readers.get(op)
        if reader is None:
            raise refuse(f"ไม่รู้จัก {op}", f"the operator or function {op} is not supported.")
        try:
            return reader(op, *args)
        except TypeError as error:
            raise refuse(
                f"{op} มีจำนวนค่าไม่ถูกต้อง", f"{op} has the wrong number of values."
            ) from error

    def _property(self, tree: Any) -> Property:
        casei = False
        if isinstance(tree, dict) and str(tree.get("op")).lower() == "casei":
            inner = tree.get("args")
            tree, casei = (inner[0] if isinstance(inner, list) and inner else None), True
        if not isinstance(tree, dict) or not isinstance(tree.get("property"), str):
            raise refuse("ด้านซ้ายต้องเป็นชื่อช่องข้อมูล", "a property name is needed on the left.")
        name = tree["property"]
        field = self._fields.get(name)
        if field is None:
            known = ", ".join(self._fields)
            raise refuse(
                f"ไม่มีช่องข้อมูล “{name}” ที่มี: {known}",
                f"there is no property “{name}”. There are: {known}.",
            )
        if casei and field.type != FieldType.TEXT:
            raise refuse("CASEI ใช้กับข้อความเท่านั้น", "CASEI is for text only.")
        return Property(field, casei)

    def _literal(self, tree: Any, field: Field) -> Literal:
        casei = False
        if isinstance(tree, dict) and str(tree.get("op")).lower() == "casei":
            inner = tree.get("args")
            tree, casei = (inner[0] if isinstance(inner, list) and inner else None), True
        if casei and field.type != FieldType.TEXT:
            raise refuse("CASEI ใช้กับข้อความเท่านั้น", "CASEI is for text only.")
        value = _typed(tree, field.type)
        if value is None:
            raise refuse(
                f"ค่าของ “{field.name}” ต้องเป็น {field.type}",
                f"“{field.name}” needs a value of type {field.type}.",
            )
        return Literal(value, casei)

    def _compare(self, op: str, left: Any, right: Any) -> Node:
        if (
            isinstance(right, dict)
            and "property" in right
            and not (isinstance(left, dict) and ("property" in left or "op" in left))
        ):
            mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
            return self._compare(mirrored.get(op, op), right, left)
        prop = self._property(left)
        if prop.field.type == FieldType.TEXT_LIST:
            raise refuse("รายการใช้ A_CONTAINS", "use A_CONTAINS and its kin for lists.")
        if isinstance(right, dict) and "property" in right:
            other = self._property(right)
            if other.field.type != prop.field.type:
                raise refuse("ชนิดข้อมูลไม่ตรงกัน", "the two properties are of different types.")
            return Node(op, (prop, other))
        return Node(op, (prop, self._literal(right, prop.field)))

    def _like(self, op: str, left: Any, right: Any) -> Node:
        prop = self._property(left)
        if prop.field.type != FieldType.TEXT:
            raise refuse("LIKE ใช้กับข้อความเท่านั้น", "LIKE is for text only.")
        pattern = self._literal(right, prop.field)
        text = str(pattern.value)
        if (len(text) - len(text.rstrip("\\"))) % 2:
            raise refuse("รูปแบบลงท้ายด้วย \\", "the pattern ends in a single backslash.")
        return Node(op, (prop, pattern))

    def _between(self, op: str, value: Any, low: Any, high: Any) -> Node:
        prop = self._property(value)
        if prop.field.type not in (FieldType.INTEGER, FieldType.NUMBER):
            raise refuse("BETWEEN ใช้กับตัวเลข", "BETWEEN is for numbers.")
        return Node(op, (prop, self._literal(low, prop.field), self._literal(high, prop.field)))

    def _in(self, op: str, value: Any, members: Any) -> Node:
        prop = self._property(value)
        if not isinstance(members, list) or not members or len(members) > MAX_NODES:
            raise refuse("IN ต้องมีรายการค่า", f"IN needs a list of 1 to {MAX_NODES} values.")
        return Node(op, (prop, tuple(self._literal(item, prop.field) for item in members)))

    def _is_null(self, op: str, value: Any) -> Node:
        return Node(op, (self._property(value),))

    def _temporal(self, op: str, left: Any, right: Any) -> Node:
        prop = self._property(left)
        if prop.field.type not in (FieldType.DATE, FieldType.DATETIME):
            raise refuse("ใช้กับวันที่เท่านั้น", f"{op} is for dates and times.")
        return Node(op, (prop, self._literal(right, prop.field)))

    def _array(self, op: str, left: Any, right: Any) -> Node:
        prop = self._property(left)
        if prop.field.type != FieldType.TEXT_LIST or not isinstance(right, list):
            raise refuse("ใช้กับรายการเท่านั้น", f"{op} compares a list property with a list.")
        values = [str(item) for item in right if isinstance(item, str)]
        if len(values) != len(right) or len(values) > MAX_NODES:
            raise refuse("รายการต้องเป็นข้อความ", "the list must hold text only.")
        return Node(op, (prop, Literal(values)))

    def _spatial(self, op: str, left: Any, right: Any) -> Node:
        if not self._has_geometry or left not in _GEOMETRIES:
            raise refuse(
                f"ด้านซ้ายของ {op} ต้องเป็น {GEOMETRY}",
                f"{op} compares the property {GEOMETRY} with a geometry.",
            )
        return Node(op, (shape(right),))


def _typed(tree: Any, kind: FieldType) -> object | None:
    """The literal as a Python value of the field's type; None when it is not one."""
    if kind in (FieldType.TEXT, FieldType.TEXT_LIST):
        return tree if isinstance(tree, str) else None
    if kind == FieldType.BOOLEAN:
        return tree if isinstance(tree, bool) else None
    if kind in (FieldType.INTEGER, FieldType.NUMBER):
        number = isinstance(tree, int | float) and not isinstance(tree, bool)
        return float(tree) if number else None
    return _moment(tree)


def _moment(tree: Any) -> date | datetime | None:
    """A CQL2 DATE or TIMESTAMP literal."""
    if not isinstance(tree, dict):
        return None
    try:
        if isinstance(tree.get("date"), str):
            return date.fromisoformat(tree["date"])
        return datetime.fromisoformat(str(tree.get("timestamp")))
    except ValueError:
        return None
