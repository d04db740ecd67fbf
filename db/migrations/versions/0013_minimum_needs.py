"""What displaced people need is a layer; the impact answer asks when somebody is displaced."""

from db.migrations.run_sql import run_sql

revision = "0013_minimum_needs"
down_revision = "0012_gauges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
