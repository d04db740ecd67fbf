"""Fast lanes: cells that are already plain are read a whole Arrow array at a time.

Each lane knows by a regular expression which cells it may take; the others go the long way, cell
by cell. tests/etl/test_cells.py holds every lane to what the long way gives.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from etl import thai, units, values
from etl.values import Value

_SIMPLE_NUMBER = r"^[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,9})?$"
_SIMPLE_AREA = r"^(?P<rai>\d{1,6})-(?P<ngan>[0-3])-(?P<wa>\d{1,2}(?:\.\d{1,4})?)$"
_NOTHING = pa.array(sorted(values.NOTHING))


@dataclass(frozen=True)
class Lane:
    """`easy` says which cells (strings) are plain, `read` turns an array of such into values."""

    easy: Callable[[pa.Array], pa.Array]
    read: Callable[[pa.Array], pa.Array]


def of(read: Callable[[object], Value]) -> Lane | None:
    """The lane beside a way of reading cells, if it has one."""
    return _LANES.get(read)


def _matches(pattern: str) -> Callable[[pa.Array], pa.Array]:
    return lambda cells: pc.match_substring_regex(cells, pattern)


def _without(pattern: str) -> Callable[[pa.Array], pa.Array]:
    return lambda cells: pc.invert(pc.match_substring_regex(cells, pattern))


def _text(cells: pa.Array) -> pa.Array:
    plain = pc.ascii_trim(cells, " ")
    gone = pc.is_in(pc.ascii_lower(plain), _NOTHING)
    return pc.if_else(gone, pa.scalar(None, pa.string()), plain)


def _number(cells: pa.Array) -> pa.Array:
    bare = pc.replace_substring(cells, ",", "")
    return pc.cast(pc.replace_substring_regex(bare, r"^\+", ""), pa.float64())


def _area(cells: pa.Array) -> pa.Array:
    parts = pc.extract_regex(cells, _SIMPLE_AREA)
    rai, ngan, wa = (pc.cast(parts.field(at), pa.float64()) for at in range(3))
    whole = pc.add(pc.multiply(rai, 1600.0), pc.multiply(ngan, 400.0))
    return pc.add(whole, pc.multiply(wa, 4.0))


_AREA = Lane(_matches(_SIMPLE_AREA), _area)
_LANES: dict[Callable[[object], Value], Lane] = {
    values.text: Lane(_without(thai.TROUBLE), _text),
    values.key: Lane(_without(rf"{thai.TROUBLE}|[๐-๙]|  "), _text),
    values.number: Lane(_matches(_SIMPLE_NUMBER), _number),
    units.area: _AREA,
    units.rai_ngan_wa: _AREA,
}
