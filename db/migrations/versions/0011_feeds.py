"""Feeds the town polls, how each of them is, and exercises: an invented event in the feeds."""

from db.migrations.run_sql import run_sql

revision = "0011_feeds"
down_revision = "0010_resubmissions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
