"""An impact answer is counted layer by layer: the one function for all of them goes."""

from db.migrations.run_sql import run_sql

revision = "0026_impact_water"
down_revision = "0025_stage_overviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
