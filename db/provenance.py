"""What an answer may say it rests on: each role's own function, of the rows that role sees.

A layer somebody sees whole is answered from the register of imports and the log of changes; of
any other only what the visible rows carry themselves is told, since a hidden row's source, and
the moment it changed, are about somebody's home. A layer that is not there answers no row.
"""

from typing import LiteralString

from psycopg import sql

from db.past import rows_of
from db.scopes import seen_rows
from db.view_names import Tense, view_schema
from layers.catalog import LAYERS
from layers.model import Layer, Role, Scope
from layers.privacy import may_see, scope_of, visible_rows


def provenance_signature(role: Role, tense: Tense) -> sql.Composed:
    """The role's function with the types of its arguments, as GRANT and REVOKE name it."""
    return sql.SQL("{}(text, text[])").format(_name(role, tense))


def _name(role: Role, tense: Tense) -> sql.Identifier:
    return sql.Identifier(view_schema(role, tense), "layer_provenance")


def provenance_function(role: Role, tense: Tense) -> sql.Composed:
    """CREATE FUNCTION as_<role>.layer_provenance(asked, keys): version, time and sources.

    Of the past every layer tells what its rows carry: the register knows only what holds now.
    """
    seen = [layer for layer in LAYERS if may_see(layer, role)]
    now = tense is Tense.PRESENT
    whole = [layer.id for layer in seen if now and visible_rows(layer, role) is None]
    unless_held = [layer.id for layer in seen if now and _whole_unless_held(layer, role)]
    parts = [_of_rows(layer, role, tense) for layer in seen if layer.id not in whole]
    return sql.SQL("""
CREATE FUNCTION {function}(asked text, keys text[])
RETURNS TABLE (version bigint, as_of timestamp with time zone, source text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, gis, pg_temp SET plan_cache_mode = force_custom_plan AS $rows$
BEGIN
    IF asked = any({whole}::text[]) OR (keys IS NULL AND asked = any({unless_held}::text[])) THEN
        RETURN QUERY SELECT p.version, p.as_of, p.source FROM muang.layer_provenance(asked) AS p;
        RETURN;
    END IF;
{parts}END;
$rows$
""").format(
        function=_name(role, tense),
        whole=sql.Literal(whole),
        unless_held=sql.Literal(unless_held),
        parts=sql.Composed(parts),
    )


def _whole_unless_held(layer: Layer, role: Role) -> bool:
    """Whether a person of the role without limits sees every row."""
    rules = visible_rows(layer, role) or ()
    return len(rules) == len(layer.row_rules) and scope_of(layer, role) is Scope.COMMUNITIES


def _of_rows(layer: Layer, role: Role, tense: Tense) -> sql.Composed:
    place: tuple[LiteralString, LiteralString, LiteralString] = (
        ("t.since_pos", "t.committed_at", "")
        if tense is Tense.PAST
        else (
            "s.pos",
            "s.committed_at",
            "LEFT JOIN muang.change_set AS s ON s.id = t.change_set",
        )
    )
    pos, moment, join = map(sql.SQL, place)
    return sql.SQL("""    IF asked = {layer} THEN
        RETURN QUERY SELECT
            coalesce(max({pos}), 0),
            max({moment}),
            string_agg(DISTINCT t.source, '; ' ORDER BY t.source)
        FROM {table} AS t
        {join}
        WHERE {rows};
    END IF;
""").format(
        pos=pos,
        moment=moment,
        join=join,
        layer=sql.Literal(layer.id),
        table=rows_of(layer, tense),
        rows=seen_rows(layer, role),
    )
