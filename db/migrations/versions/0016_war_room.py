"""Events, incidents, tasks, runs, headcounts and their log; what opens homes says what it is about.

The tables are a frozen copy of what db.tables said on that day.
"""

from db.migrations.run_sql import run_sql

revision = "0016_war_room"
down_revision = "0015_forecasts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
