"""The town's own figures for answers: who decided on them, when and why."""

from db.migrations.run_sql import run_sql

revision = "0023_assumptions"
down_revision = "0022_forecast_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
