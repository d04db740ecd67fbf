"""Records of an operation: closures, power, boats and teams, refuge plans, ranks set by hand.

Roads learn which of them are bridges and at which level they run. The tables are a frozen copy of
what db.tables said on that day.
"""

from db.migrations.run_sql import run_sql

revision = "0007_operations"
down_revision = "0006_buildings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
