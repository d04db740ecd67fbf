"""Which gauges lie above one, and how long their water takes all the way down to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from flood.hydrograph import StageLag

STAFF = "staff"


@dataclass(frozen=True)
class Link:
    """One reach in one class of stage (`all`, `low`, `middle`, `high`) of its upper gauge."""

    upstream: str
    downstream: str
    stage_class: str
    lag: StageLag


@dataclass(frozen=True)
class Above:
    """A gauge above, and the travel times of the whole way from it that staff entered, if all."""

    gauge: str
    lags: tuple[StageLag, ...]


def above(links: Sequence[Link], gauge: str) -> tuple[Above, ...]:
    """Every gauge above one, those next to it first; a circle in the links ends where it closes.

    Where two ways lead down from a gauge, the one of fewer reaches counts. A way is as long as its
    reaches together, each in the class of the gauge at its top, or in all classes where the next
    reach has no such class. A reach without times of staff leaves the whole way without.
    """
    found: list[Above] = []
    met = {gauge}
    ends: list[tuple[str, tuple[tuple[str, StageLag], ...] | None]] = [(gauge, ())]
    while ends:
        below, way = ends.pop(0)
        for upper in dict.fromkeys(link.upstream for link in links if link.downstream == below):
            if upper in met:
                continue
            met.add(upper)
            reach = [
                (link.stage_class, link.lag)
                for link in links
                if (link.upstream, link.downstream) == (upper, below) and link.lag.source == STAFF
            ]
            whole = None
            if reach and way is not None:
                whole = tuple((klass, _with(lag, klass, way)) for klass, lag in reach)
            found.append(Above(upper, tuple(lag for _, lag in whole or ())))
            ends.append((upper, whole))
    return tuple(found)


def _with(lag: StageLag, klass: str, rest: tuple[tuple[str, StageLag], ...]) -> StageLag:
    """A reach and the way below it, as one."""
    if not rest:
        return lag
    same = [each for name, each in rest if name == klass] or [each for _, each in rest]
    likely = sum(each.middle_h for each in same) / len(same)
    return StageLag(
        low_h=lag.low_h + min(each.low_h for each in same),
        high_h=lag.high_h + max(each.high_h for each in same),
        from_stage=lag.from_stage,
        to_stage=lag.to_stage,
        source=lag.source,
        likely_h=lag.middle_h + likely,
    )
