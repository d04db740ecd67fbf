"""Quality findings, repaired shapes row by row, and the register of raw files."""

from db.migrations.run_sql import run_sql

revision = "0008_quality"
down_revision = "0007_operations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module with the town's SRID."""
    run_sql(f"{revision}.sql")
