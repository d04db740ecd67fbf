"""What a role sees of the register of rasters: the newest of each it may see, as declared."""

from psycopg import sql

from db.view_names import view_schema
from layers.model import Role
from layers.rasters import rasters_of

VIEW = "rasters"
COLUMNS = (
    *("id", "version", "file", "sha256", "size_bytes", "columns", "rows", "cell_m"),
    *("west", "south", "east", "north", "min_value", "max_value", "low_value", "high_value"),
    *("nodata", "datum", "source", "synthetic", "made_at"),
)


def raster_view(role: Role) -> sql.Composed:
    """The role's plain view of the register; a raster it may not see is no row of it."""
    shown = sql.SQL(", ").join(sql.Literal(raster.id) for raster in rasters_of(role))
    return sql.SQL(
        "CREATE VIEW {view} AS SELECT DISTINCT ON (r.id) {columns} FROM muang.raster AS r"
        " WHERE r.id = any(ARRAY[{shown}]::text[]) ORDER BY r.id, r.version DESC"
    ).format(
        view=sql.Identifier(view_schema(role), VIEW),
        columns=sql.SQL(", ").join(sql.Identifier("r", name) for name in COLUMNS),
        shown=shown,
    )
