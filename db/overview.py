"""What a town holds, in numbers: rows of every layer. For the `loader` login."""

from psycopg import sql

from db.derived import AnyConnection
from layers.catalog import LAYERS


def row_counts(conn: AnyConnection) -> dict[str, int]:
    """Rows of each layer, in the catalog's order."""
    found = {}
    for layer in LAYERS:
        row = conn.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("town", layer.id))
        ).fetchone()
        found[layer.id] = int(str(row[0])) if row else 0
    return found
