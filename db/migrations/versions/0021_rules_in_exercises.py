"""Rules look at the real readings while an exercise is on, too, and remember the two apart."""

from db.migrations.run_sql import run_sql

revision = "0021_rules_in_exercises"
down_revision = "0020_boards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
