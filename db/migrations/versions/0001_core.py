"""The platform's own records. The SQL is a frozen copy of what db.tables said on that day."""

from db.migrations.run_sql import run_sql

revision = "0001_core"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module with the town's SRID."""
    run_sql(f"{revision}.sql")
