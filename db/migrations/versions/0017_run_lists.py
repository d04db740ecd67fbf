"""Run lists get numbers; what the town knows of its vehicles is a layer."""

from db.migrations.run_sql import run_sql

revision = "0017_run_lists"
down_revision = "0016_war_room"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
