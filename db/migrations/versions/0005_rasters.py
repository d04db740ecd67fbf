"""The register of rasters: which checked file stands for elevation and which for depth."""

from db.migrations.run_sql import run_sql

revision = "0005_rasters"
down_revision = "0004_history_places"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
