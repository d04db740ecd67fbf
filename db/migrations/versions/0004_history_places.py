"""Indexes for reading the past: a row's versions by id, and where they lay.

The SQL is a frozen copy of what db.tables said on that day.
"""

from db.migrations.run_sql import run_sql

revision = "0004_history_places"
down_revision = "0003_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
