"""Rows that vary by person: definer functions that take the scope and the box as arguments.

A predicate outside a definer function never reaches the index, so the box goes in as well: in
the town's CRS it meets `geom`, in EPSG:3857 `geom_3857`, NULL means everywhere. The function of a
plain table takes the scope alone.
"""

from typing import LiteralString

from psycopg import sql

from db.past import rows_of
from db.tables import SQL_TYPES
from db.view_names import SINCE, UNTIL, Tense, view_columns, view_schema
from layers import catalog
from layers.model import Field, Layer, Role, RowRule, Scope
from layers.privacy import scope_of, visible_rows

_OPEN: dict[Scope, LiteralString] = {
    Scope.EVENT: """EXISTS (
            SELECT 1 FROM muang.opening AS o WHERE o.kind = 'event' AND o.closed_at IS NULL
        )""",
    Scope.TASKS: """EXISTS (
            SELECT 1 FROM muang.opening AS o
            WHERE o.kind = 'task' AND o.closed_at IS NULL
                AND o.team = any(keys) AND o.care_code = t.code
        )""",
}
"""Whether what opens the rows `t` is open; `keys` is the crew's name."""


def _test(layer: Layer, scope: Scope) -> sql.Composable:
    """Whether a row `t` of the layer lies within a scope whose `keys` a person brings."""
    if scope is Scope.COMMUNITIES:
        return _in_communities("t", way_to_communities(layer))
    return sql.SQL(_OPEN[scope])


def _in_communities(row: str, way: tuple[Field, ...]) -> sql.Composable:
    column = sql.Identifier(row, way[0].name)
    if len(way) == 1:
        return sql.SQL("{} = any(keys)").format(column)
    target = catalog.get(str(way[0].references))
    (key,) = target.natural_key
    inner = f"{target.id}_of_{row}"
    return sql.SQL("EXISTS (SELECT 1 FROM town.{} AS {} WHERE {} = {} AND {})").format(
        sql.Identifier(target.id),
        sql.Identifier(inner),
        sql.Identifier(inner, key),
        column,
        _in_communities(inner, way[1:]),
    )


def way_to_communities(layer: Layer) -> tuple[Field, ...]:
    """The shortest chain of references that leads from a row of the layer to its community.

    ValueError when none does: the rows of such a layer cannot be held to communities.
    """
    ways: list[tuple[Layer, tuple[Field, ...]]] = [(layer, ())]
    met = {layer.id}
    while ways:
        here, way = ways.pop(0)
        for field in here.fields:
            if field.references == "communities":
                return (*way, field)
            if field.references is not None and field.references not in met:
                met.add(field.references)
                ways.append((catalog.get(field.references), (*way, field)))
    raise ValueError(f"nothing leads from a row of {layer.id} to its community")


def scoped_name(layer: Layer) -> str:
    """Name of the function that stands for the role's view of a layer."""
    return f"{layer.id}_rows"


def scoped_function(layer: Layer, role: Role, tense: Tense) -> sql.Composed:
    """The function with the types of its arguments, as GRANT and REVOKE name it."""
    return sql.SQL("{}({})").format(
        sql.Identifier(view_schema(role, tense), scoped_name(layer)),
        sql.SQL("text[]" if layer.geometry is None else "text[], gis.geometry"),
    )


def seen_rows(layer: Layer, role: Role, *, held: bool = True) -> sql.Composable:
    """The condition on the table's rows `t` that the role may see, given a person's `keys`.

    `held` False is for somebody whose communities are not limited.
    """
    rules = visible_rows(layer, role)
    if rules is None:
        return sql.SQL("true")
    return sql.SQL(" OR ").join(_seen(layer, role, rule, held=held) for rule in rules)


def _seen(layer: Layer, role: Role, rule: RowRule, *, held: bool) -> sql.Composable:
    tests: list[sql.Composable] = []
    if rule.field is not None:
        tests.append(
            sql.SQL("{} = {}").format(sql.Identifier("t", rule.field), sql.Literal(rule.value))
        )
    scope = rule.scope(role)
    if scope is not None and (held or scope is not Scope.COMMUNITIES):
        tests.append(_test(layer, scope))
    return sql.SQL("({})").format(sql.SQL(" AND ").join(tests or [sql.SQL("true")]))


def scoped_rows(layer: Layer, role: Role, tense: Tense) -> sql.Composed:
    """CREATE FUNCTION as_<role>.<layer>_rows(keys, box): the rows a person of the role may see.

    Of the past it shows what the row was then, to whom it would be shown now: a right to see
    somebody's home is held today, not on the day the row was written.
    Each case is a statement of its own, because the planner turns EXISTS into a join only where
    no OR stands before it, and meets the index only where the box is a plain condition.
    """
    if scope_of(layer, role) is None:
        raise ValueError(f"{role} is not held to a scope in {layer.id}")
    names = view_columns(layer, role, tense)
    boxes: tuple[tuple[LiteralString, LiteralString], ...] = (("true", "true"),)
    if layer.geometry is not None:
        boxes = (
            ("box IS NULL", "true"),
            ("gis.st_srid(box) = 3857", "t.geom_3857 && box"),
            ("true", "t.geom && box"),
        )
    cases = [
        sql.SQL(
            "    IF {when} THEN\n"
            "        RETURN QUERY SELECT {columns} FROM {table} AS t"
            " WHERE {within} AND ({rows});\n"
            "        RETURN;\n"
            "    END IF;\n"
        ).format(
            when=sql.SQL("(keys IS NULL) = {} AND {}").format(sql.Literal(not held), sql.SQL(when)),
            columns=sql.SQL(", ").join(sql.Identifier("t", name) for name in names),
            table=rows_of(layer, tense),
            within=sql.SQL(within),
            rows=seen_rows(layer, role, held=held),
        )
        for held in (False, True)
        for when, within in boxes
    ]
    return sql.SQL("""
CREATE FUNCTION {function}({arguments}) RETURNS TABLE ({returned})
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, gis, pg_temp SET plan_cache_mode = force_custom_plan AS $rows$
BEGIN
{cases}END;
$rows$
""").format(
        arguments=sql.SQL(
            "keys text[]" if layer.geometry is None else "keys text[], box gis.geometry"
        ),
        cases=sql.Composed(cases),
        function=sql.Identifier(view_schema(role, tense), scoped_name(layer)),
        returned=sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(_type(layer, name)))
            for name in names
        ),
    )


def _type(layer: Layer, name: str) -> LiteralString:
    if name in (SINCE, UNTIL):
        return "bigint"
    return "gis.geometry" if name.startswith("geom") else SQL_TYPES[layer.field(name).type]


def source(layer: Layer, role: Role, box: sql.Composable, keys: sql.Composable) -> sql.Composed:
    """What a role reads a layer from, to stand after FROM: its view, or its definer function.

    `box` and `keys` are SQL for the function's arguments; a view needs neither, and that of a
    plain table no box.
    """
    if scope_of(layer, role) is None:
        return sql.Composed([sql.Identifier(layer.id)])
    if layer.geometry is None:
        return sql.SQL("{}({}::text[])").format(sql.Identifier(scoped_name(layer)), keys)
    return sql.SQL("{}({}::text[], {})").format(sql.Identifier(scoped_name(layer)), keys, box)
