"""Stage libraries: rings of what each stage floods, levees, and how good each ground model is."""

from db.migrations.run_sql import run_sql

revision = "0019_flood_library"
down_revision = "0018_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL beside this module."""
    run_sql(f"{revision}.sql")
