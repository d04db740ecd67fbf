"""The register of basemaps: the files the platform made of a town's public layers."""

from db.migrations.run_sql import run_sql

revision = "0009_basemaps"
down_revision = "0008_quality"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
