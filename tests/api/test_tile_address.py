"""A tile's address: everything impossible is refused before any SQL."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.tile_address import MAX_ZOOM, Tile, TileAddress
from layers.catalog import LAYERS
from layers.errors import NotFoundError
from layers.model import Layer, Role


@given(z=st.integers(0, 30), x=st.integers(0, 2**31), y=st.integers(0, 2**31))
def test_only_tiles_that_exist_parse(z: int, x: int, y: int) -> None:
    exists = z <= MAX_ZOOM and x < 2**z and y < 2**z
    if exists:
        assert Tile(z, x, y) == Tile(z, x, y)
    else:
        with pytest.raises(NotFoundError):
            Tile(z, x, y)


@given(st.text(max_size=60))
def test_any_path_gives_an_address_none_or_a_sentence(tail: str) -> None:
    address = None
    with contextlib.suppress(NotFoundError):
        address = TileAddress.parse(f"/tiles/{tail}")
    assert address is None or address.names


def test_addresses() -> None:
    assert TileAddress.parse("/tiles/parcels.json") is None
    found = TileAddress.parse("/tiles/parcels,roads,parcels/14/12985/7540.mvt")
    assert found == TileAddress(("parcels", "roads"), Tile(14, 12985, 7540))


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/parcels/14/-1/1.mvt",
        "/tiles/parcels/14/1/99999.mvt",
        "/tiles/parcels/99/1/1.mvt",
        "/tiles/parcels/14/1/1/1.mvt",
        "/tiles/14/1/1.mvt",
        "/tiles/parcels/14/99999999999999999999/1.mvt",
    ],
)
def test_impossible_addresses(path: str) -> None:
    with pytest.raises(NotFoundError):
        TileAddress.parse(path)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)
def test_zooms_of_each_layer(layer: Layer) -> None:
    for z in range(MAX_ZOOM + 1):
        address = TileAddress((layer.id,), Tile(z, 0, 0))
        if layer.geometry is not None and layer.zooms.min <= z <= layer.zooms.max:
            assert address.layers(Role.ADMIN) == (layer,)
        else:
            with pytest.raises(NotFoundError):
                address.layers(Role.ADMIN)
