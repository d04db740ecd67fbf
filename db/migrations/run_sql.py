"""Run a revision's SQL file with the town's SRID put in."""

from pathlib import Path

from alembic import context, op

_VERSIONS = Path(__file__).parent / "versions"


def run_sql(name: str) -> None:
    """Execute `versions/<name>`; `{srid}` becomes the town's EPSG number."""
    srid = int(context.config.attributes["srid"])
    sql = (_VERSIONS / name).read_text(encoding="utf-8").replace("{srid}", str(srid))
    op.get_bind().exec_driver_sql(sql)
