"""Zeros of staff gauges in time, and what was read on the staff beside the level."""

from db.migrations.run_sql import run_sql

revision = "0024_gauge_zeros"
down_revision = "0023_assumptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
