"""What every role sees of the register of basemaps: all of it, as they hold public things."""

from psycopg import sql

from db.view_names import view_schema
from layers.model import Role

VIEW = "basemaps"
COLUMNS = (
    *("version", "file", "sha256", "size_bytes", "max_zoom", "west", "south", "east", "north"),
    *("tiles", "largest_tile", "osm", "made_at"),
)
"""What everybody may know of a basemap: it is made of what the public sees."""


def basemap_view(role: Role) -> sql.Composed:
    """The role's plain view of the register."""
    return sql.SQL("CREATE VIEW {} AS SELECT {} FROM muang.basemap AS b").format(
        sql.Identifier(view_schema(role), VIEW),
        sql.SQL(", ").join(sql.Identifier("b", name) for name in COLUMNS),
    )
