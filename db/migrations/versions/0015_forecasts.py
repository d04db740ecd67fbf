"""Travel times between gauges; forecasts of arrival as they were told, and what they were worth."""

from db.migrations.run_sql import run_sql

revision = "0015_forecasts"
down_revision = "0014_works"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
