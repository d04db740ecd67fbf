"""A checked CQL2 tree -> a SQL condition in which every literal is a parameter."""

from typing import LiteralString

from psycopg import sql

from db.queries.cql2_parse import (
    ARRAY,
    COMPARE,
    SPATIAL,
    TEMPORAL,
    Literal,
    Node,
    Property,
)
from db.queries.cql2_shape import Shape
from layers.model import FieldType

_PREFIX = "cql"
_CASTS: dict[FieldType, LiteralString] = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "double precision",
    FieldType.NUMBER: "double precision",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "timestamp with time zone",
    FieldType.DATETIME: "timestamp with time zone",
    FieldType.TEXT_LIST: "text[]",
}
_OPERATORS: dict[str, LiteralString] = {
    "=": "=",
    "<>": "<>",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_ARRAYS: dict[str, LiteralString] = {
    "a_contains": "@>",
    "a_containedby": "<@",
    "a_equals": "=",
    "a_overlaps": "&&",
}
_TIMES: dict[str, LiteralString] = {"t_after": ">", "t_before": "<", "t_equals": "="}
_PREDICATES: dict[str, LiteralString] = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
if (
    _PREDICATES != SPATIAL
    or _TIMES != TEMPORAL
    or _ARRAYS != ARRAY
    or set(_OPERATORS) != set(COMPARE)
):
    raise RuntimeError("the operators that are parsed and those that are written differ")


def condition(tree: Node, values: dict[str, object], *, alias: str) -> sql.Composed:
    """The condition over the table called `alias`; its literals are added to `values` by name."""
    return _Writer(values, alias).node(tree)


class _Writer:
    def __init__(self, values: dict[str, object], alias: str) -> None:
        self._values = values
        self._alias = alias

    def node(self, tree: Node) -> sql.Composed:
        if tree.op in ("and", "or"):
            joiner = sql.SQL(" AND ") if tree.op == "and" else sql.SQL(" OR ")
            parts = [self.node(arg) for arg in tree.args if isinstance(arg, Node)]
            return sql.SQL("({})").format(joiner.join(parts))
        if tree.op in ("true", "false"):
            return sql.Composed([sql.SQL("true" if tree.op == "true" else "false")])
        if tree.op == "not":
            (inner,) = (arg for arg in tree.args if isinstance(arg, Node))
            return sql.SQL("NOT ({})").format(self.node(inner))
        if tree.op in SPATIAL:
            return self._spatial(tree)
        return self._leaf(tree)

    def _leaf(self, tree: Node) -> sql.Composed:
        prop = tree.args[0]
        if not isinstance(prop, Property):
            raise TypeError("a leaf begins with a property")
        left = self._column(prop, casei=prop.casei or _any_casei(tree))
        right = [self._value(prop, arg, casei=_any_casei(tree)) for arg in tree.args[1:]]
        if tree.op == "isnull":
            return sql.SQL("{} IS NULL").format(left)
        if tree.op == "like":
            return sql.SQL("{} LIKE {}").format(left, *right)
        if tree.op == "between":
            return sql.SQL("{} BETWEEN {} AND {}").format(left, *right)
        if tree.op == "in":
            return sql.SQL("{} IN {}").format(left, *right)
        operator = {**_OPERATORS, **_TIMES, **_ARRAYS}[tree.op]
        return sql.SQL("{} {} {}").format(left, sql.SQL(operator), *right)

    def _column(self, prop: Property, *, casei: bool) -> sql.Composable:
        column = sql.Identifier(self._alias, prop.field.name)
        return sql.SQL("lower({})").format(column) if casei else column

    def _value(self, prop: Property, arg: object, *, casei: bool) -> sql.Composable:
        if isinstance(arg, Property):
            return self._column(arg, casei=casei)
        if isinstance(arg, tuple):
            members = [self._value(prop, item, casei=casei) for item in arg]
            return sql.SQL("({})").format(sql.SQL(", ").join(members))
        if not isinstance(arg, Literal):
            raise TypeError("a literal or a property is needed")
        name = f"{_PREFIX}{len(self._values)}"
        self._values[name] = arg.value
        value = sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(_CASTS[prop.field.type]))
        return sql.SQL("lower({})").format(value) if casei else value

    def _spatial(self, tree: Node) -> sql.Composed:
        (shape,) = tree.args
        if not isinstance(shape, Shape):
            raise TypeError("a spatial predicate needs a shape")
        name = f"{_PREFIX}{len(self._values)}"
        self._values[name] = shape.geojson
        # The small literal is transformed, not the column: its index stays usable. In Web
        # Mercator a box of the whole world exists, which it would not in the town's projection.
        literal = sql.SQL(
            "ST_Transform(ST_SetSRID(ST_MakeValid(ST_GeomFromGeoJSON({}::text)), 4326), 3857)"
        ).format(sql.Placeholder(name))
        return sql.SQL("{}({}, {})").format(
            sql.SQL(_PREDICATES[tree.op]), sql.Identifier(self._alias, "geom_3857"), literal
        )


def _any_casei(tree: Node) -> bool:
    """CASEI on either side means both are compared without case."""
    for arg in tree.args:
        if isinstance(arg, Property | Literal) and arg.casei:
            return True
        if isinstance(arg, tuple) and any(item.casei for item in arg):
            return True
    return False
