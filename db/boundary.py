"""The town's boundary as one shape: what an import is checked against."""

from db.derived import AnyConnection


def boundary_wkb(conn: AnyConnection) -> bytes | None:
    """WKB of the union of `town_boundary` in the town's SRID; None while it is empty."""
    row = conn.execute("SELECT gis.ST_AsBinary(gis.ST_Union(geom)) FROM town.town_boundary")
    found = row.fetchone()
    return bytes(found[0]) if found and isinstance(found[0], bytes) else None
