"""Accept-Encoding as RFC 9110 means it, on tiles, pages of features and files alike."""

import pytest

from api.encoding import accepts
from layers.model import Role
from tests.api.caller import Caller
from tests.api.places import tile_at


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br, gzip;q=0.2", True),
        ("*", True),
        ("*;q=0.1, br", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("br, gzip ;q=0 , *", False),
        ("*;q=0", False),
        ("x-gzip", False),
        ("gzip;q=much", False),
        ("gzip;level=9", False),
    ],
)
def test_what_a_header_takes(header: str, taken: bool) -> None:
    assert accepts(header, "gzip") is taken


@pytest.mark.parametrize(
    "path",
    [
        f"/tiles/parcels/{tile_at(14)}.mvt",
        "/ogc/collections/parcels/items?limit=100",
        "/assets/index-Ab3dEf9_.js",
    ],
)
def test_whoever_takes_no_gzip_gets_none(
    caller: Caller, tokens: dict[Role, str], path: str
) -> None:
    for header in ("gzip;q=0", "gzip;q=0, identity", "br;q=1, *;q=0"):
        plain = caller.get(path, headers={"Accept-Encoding": header})
        assert plain.status_code == 200
        assert "content-encoding" not in plain.headers, header
    packed = caller.get(path, headers={"Accept-Encoding": "gzip;q=0.5"})
    assert packed.headers["content-encoding"] == "gzip"
