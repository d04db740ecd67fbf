"""Estimated travel times, written into the layer `gauge_links` beside those staff entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from db.derived import AnyConnection

_ACTOR = "SELECT set_config('muang.actor', %s, true)"
_GONE = (
    "DELETE FROM town.gauge_links WHERE upstream = %s AND downstream = %s"
    " AND lag_source = 'estimated' AND stage_class <> all(%s)"
)
_CHANGE = (
    "UPDATE town.gauge_links SET from_stage = %(from_stage)s, to_stage = %(to_stage)s,"
    " lag_min_h = %(low_h)s, lag_max_h = %(high_h)s, lag_likely_h = %(likely_h)s,"
    " correlation = %(correlation)s, pairs = %(pairs)s, estimated_at = %(at)s"
    " WHERE upstream = %(upstream)s AND downstream = %(downstream)s"
    " AND stage_class = %(stage_class)s AND lag_source = 'estimated'"
)
_NEW = (
    "INSERT INTO town.gauge_links (upstream, downstream, stage_class, lag_source, from_stage,"
    " to_stage, lag_min_h, lag_max_h, lag_likely_h, correlation, pairs, estimated_at, source)"
    " VALUES (%(upstream)s, %(downstream)s, %(stage_class)s, 'estimated', %(from_stage)s,"
    " %(to_stage)s, %(low_h)s, %(high_h)s, %(likely_h)s, %(correlation)s, %(pairs)s, %(at)s,"
    " 'muang flood links estimate')"
)


@dataclass(frozen=True)
class Estimated:
    """A class of one reach: hours, and what they rest on; stages in the upper gauge's unit."""

    stage_class: str
    from_stage: float | None
    to_stage: float | None
    low_h: float
    high_h: float
    likely_h: float
    correlation: float
    pairs: int


def keep(
    conn: AnyConnection,
    reach: tuple[str, str],
    found: Sequence[Estimated],
    *,
    at: datetime,
    actor: str,
) -> None:
    """Replace what was estimated before for a reach (upper, lower gauge); as `loader`.

    Rows of staff are never touched; earlier estimates stay in the layer's history.
    """
    with conn.transaction():
        conn.execute(_ACTOR, [actor])
        conn.execute(_GONE, [*reach, [one.stage_class for one in found]])
        for one in found:
            values = {**vars(one), "upstream": reach[0], "downstream": reach[1], "at": at}
            if not conn.execute(_CHANGE, values).rowcount:
                conn.execute(_NEW, values)
