"""People who sign in, their sessions, and what opens personal rows for a while."""

from db.migrations.run_sql import run_sql

revision = "0003_accounts"
down_revision = "0002_first_layers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
