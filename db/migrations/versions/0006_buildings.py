"""Building footprints: the layer's table and its history.

The SQL is a frozen copy of what db.tables said on that day.
"""

from db.migrations.run_sql import run_sql

revision = "0006_buildings"
down_revision = "0005_rasters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
