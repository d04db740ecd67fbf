"""Rows that vary by person: definer functions that take the scope and the box as arguments.

A predicate outside a definer function never reaches the index, so the box goes in as well: in
the town's CRS it meets `geom`, in EPSG:3857 `geom_3857`, NULL means everywhere.
"""

from typing import LiteralString

from psycopg import sql

from db.tables import SQL_TYPES
from db.view_names import view_columns, view_schema
from layers.model import Layer, Role, Scope
from layers.privacy import scope_of, visible_rows

_TESTS: dict[Scope, LiteralString] = {
    Scope.COMMUNITIES: """(keys IS NULL OR EXISTS (
            SELECT 1 FROM town.households AS h
            INNER JOIN town.houses AS o ON o.house_code = h.house_code
            WHERE h.code = t.household AND o.community = any(keys)
        ))""",
    Scope.EVENT: """EXISTS (
            SELECT 1 FROM muang.opening AS o WHERE o.kind = 'event' AND o.closed_at IS NULL
        )""",
    Scope.TASKS: """EXISTS (
            SELECT 1 FROM muang.opening AS o
            WHERE o.kind = 'task' AND o.closed_at IS NULL
                AND o.team = any(keys) AND o.care_code = t.code
        )""",
}
"""Whether a row `t` lies within a scope whose `keys` are communities or the crew's name."""


def scoped_name(layer: Layer) -> str:
    """Name of the function that stands for the role's view of a layer."""
    return f"{layer.id}_rows"


def scoped_rows(layer: Layer, role: Role) -> sql.Composed:
    """CREATE FUNCTION as_<role>.<layer>_rows(keys, box): the rows a person of the role may see."""
    scope = scope_of(layer, role)
    if scope is None:
        raise ValueError(f"{role} is not held to a scope in {layer.id}")
    rules = [
        sql.SQL("(t.{} = {}{})").format(
            sql.Identifier(rule.field),
            sql.Literal(rule.value),
            sql.SQL(" AND ") + sql.SQL(_TESTS[scope])
            if rule.scope(role) is not None
            else sql.Composed([]),
        )
        for rule in visible_rows(layer, role) or ()
    ]
    names = view_columns(layer, role)
    return sql.SQL("""
CREATE FUNCTION {function}(keys text[], box gis.geometry) RETURNS TABLE ({returned})
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, gis, pg_temp AS $rows$
BEGIN
    IF box IS NULL THEN
        RETURN QUERY SELECT {columns} FROM town.{table} AS t WHERE {rows};
    ELSIF gis.st_srid(box) = 3857 THEN
        RETURN QUERY SELECT {columns} FROM town.{table} AS t WHERE t.geom_3857 && box AND ({rows});
    ELSE
        RETURN QUERY SELECT {columns} FROM town.{table} AS t WHERE t.geom && box AND ({rows});
    END IF;
END;
$rows$
""").format(
        function=sql.Identifier(view_schema(role), scoped_name(layer)),
        table=sql.Identifier(layer.id),
        returned=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type(layer, name)))
            for name in names
        ),
        columns=sql.SQL(", ").join(sql.Identifier("t", name) for name in names),
        rows=sql.SQL(" OR ").join(rules),
    )


def _type(layer: Layer, name: str) -> LiteralString:
    return "gis.geometry" if name.startswith("geom") else SQL_TYPES[layer.field(name).type]


def source(layer: Layer, role: Role, box: sql.Composable, keys: sql.Composable) -> sql.Composed:
    """What a role reads a layer from, to stand after FROM: its view, or its definer function.

    `box` and `keys` are SQL for the function's arguments; a view needs neither.
    """
    if scope_of(layer, role) is None:
        return sql.Composed([sql.Identifier(layer.id)])
    return sql.SQL("{}({}::text[], {})").format(sql.Identifier(scoped_name(layer)), keys, box)
