"""A rule remembers the incident it raised at a place after the condition there has ended."""

from db.migrations.run_sql import run_sql

revision = "0018_rules"
down_revision = "0017_run_lists"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
