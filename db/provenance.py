"""What an answer may say it rests on: each role's own function, of the rows that role sees.

A layer somebody sees whole is answered from the register of imports and the log of changes; of
any other only what the visible rows carry themselves is told, since a hidden row's source, and
the moment it changed, are about somebody's home. A layer that is not there answers no row.
"""

from psycopg import sql

from db.scopes import seen_rows
from db.view_names import view_schema
from layers.catalog import LAYERS
from layers.model import Layer, Role, Scope
from layers.privacy import may_see, scope_of, visible_rows


def provenance_signature(role: Role) -> sql.Composed:
    """The role's function with the types of its arguments, as GRANT and REVOKE name it."""
    return sql.SQL("{}(text, text[])").format(_name(role))


def _name(role: Role) -> sql.Identifier:
    return sql.Identifier(view_schema(role), "layer_provenance")


def provenance_function(role: Role) -> sql.Composed:
    """CREATE FUNCTION as_<role>.layer_provenance(asked, keys): version, time and sources."""
    seen = [layer for layer in LAYERS if may_see(layer, role)]
    whole = [layer.id for layer in seen if visible_rows(layer, role) is None]
    unless_held = [layer.id for layer in seen if _whole_unless_held(layer, role)]
    parts = [_of_rows(layer, role) for layer in seen if layer.id not in whole]
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
        function=_name(role),
        whole=sql.Literal(whole),
        unless_held=sql.Literal(unless_held),
        parts=sql.Composed(parts),
    )


def _whole_unless_held(layer: Layer, role: Role) -> bool:
    """Whether a person of the role without limits sees every row."""
    rules = visible_rows(layer, role) or ()
    return len(rules) == len(layer.row_rules) and scope_of(layer, role) is Scope.COMMUNITIES


def _of_rows(layer: Layer, role: Role) -> sql.Composed:
    return sql.SQL("""    IF asked = {layer} THEN
        RETURN QUERY SELECT
            coalesce(max(s.pos), 0),
            max(s.committed_at),
            string_agg(DISTINCT t.source, '; ' ORDER BY t.source)
        FROM town.{table} AS t
        LEFT JOIN muang.change_set AS s ON s.id = t.change_set
        WHERE {rows};
    END IF;
""").format(
        layer=sql.Literal(layer.id),
        table=sql.Identifier(layer.id),
        rows=seen_rows(layer, role),
    )
