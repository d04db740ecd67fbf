"""Gauges, their thresholds and remembered floods; series of readings, split by time."""

from db.migrations.run_sql import run_sql

revision = "0012_gauges"
down_revision = "0011_feeds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
