"""The zooms at which a stage library's rings and their overviews are drawn."""

from db.migrations.run_sql import run_sql

revision = "0025_stage_overviews"
down_revision = "0024_gauge_zeros"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
