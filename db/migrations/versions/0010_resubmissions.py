"""Imports remember what took them back, which import they mend, and how their file was read."""

from db.migrations.run_sql import run_sql

revision = "0010_resubmissions"
down_revision = "0009_basemaps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
