"""Fitted models of forecasts, kept with what they were fitted on."""

from db.migrations.run_sql import run_sql

revision = "0022_forecast_models"
down_revision = "0021_rules_in_exercises"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
