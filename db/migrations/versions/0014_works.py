"""Gates, pumps, drains and sandbag points; photographs name their reading."""

from db.migrations.run_sql import run_sql

revision = "0014_works"
down_revision = "0013_minimum_needs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
