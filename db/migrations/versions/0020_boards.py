"""Boards: boats that are overdue, and who recorded the last step of a run or headcount."""

from db.migrations.run_sql import run_sql

revision = "0020_boards"
down_revision = "0019_flood_library"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
