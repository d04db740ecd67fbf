"""Rows of the matrix for the past: every rule about who sees what holds for it too."""

from typing import Any

import shapely

from tests.matrix import replies
from tests.matrix.asking import Asker
from tests.matrix.drawing import drawable, tiles_of
from tests.matrix.features import AT, at, matched, names

NOW = "2199-12-31T00:00:00Z"
"""The state of now, read as a state of the past: the position is the last there is."""
_UNITS = 2.0
"""Units of a tile's 4096 a shape may be drawn away: the past is cut when it is read, the present
when it was written."""
BEFORE = "1999-01-01T00:00:00Z"


def past_items(asker: Asker) -> None:
    """The newest past is the present, row by row and field by field; before it was nothing."""
    for layer in asker.view.asked():
        if not asker.view.sees(layer):
            path, params = AT.format("{}") + "/items", {"as_of": NOW, "lang": "en"}
            asker.same_refusal(layer.id, path, 404, params=params)
            continue
        rows = asker.view.rows(layer)
        assert matched(asker, layer, as_of=NOW) == names(rows)
        assert matched(asker, layer, as_of=BEFORE) == set()
        now = asker.told(at(layer, "/items"), params={"limit": 1000})["features"]
        then = asker.told(at(layer, "/items"), params={"limit": 1000, "as_of": NOW})["features"]
        assert then == now, layer.id
        for row in asker.view.seeds.of(layer):
            status = 200 if row in rows else 404
            asker.get(at(layer, f"/items/{row.id}"), status, params={"as_of": NOW})


def past_tiles(asker: Asker) -> None:
    """Tiles of the newest past hold what those of the present hold."""
    seen = [layer for layer in drawable() if asker.view.sees(layer)]
    for layer in [one for one in drawable() if one in asker.view.asked()]:
        z = max(layer.zooms.min, 14)
        for x, y in tiles_of(asker.view.seeds.of(layer), z):
            if layer not in seen:
                path = f"/tiles/{{}}/{z}/{x}/{y}.mvt"
                asker.same_refusal(layer.id, path, 404, params={"as_of": NOW, "lang": "en"})
                continue
            path = f"/tiles/{layer.id}/{z}/{x}/{y}.mvt"
            now, then = _drawn(asker, path), _drawn(asker, path, as_of=NOW)
            assert then.keys() == now.keys(), path
            for name, features in now.items():
                assert then[name].keys() == features.keys(), (path, name)
                for number, (properties, shape) in features.items():
                    assert then[name][number][0] == properties, (path, name, number)
                    away = shape.hausdorff_distance(then[name][number][1])
                    assert away <= _UNITS, (path, name, number)
            assert _drawn(asker, path, as_of=BEFORE) == {}


def _drawn(asker: Asker, path: str, **params: str) -> dict[str, dict[int, Any]]:
    reply = asker.get(path, (200, 204), params=params)
    return {
        name: {
            each["id"]: (each["properties"], shapely.geometry.shape(each["geometry"]))
            for each in part["features"]
        }
        for name, part in replies.tile_of(reply).items()
    }


def changes(asker: Asker) -> None:
    """Since before the beginning: every row one sees was added, with the fields one sees."""
    for layer in asker.view.asked():
        params = {"since": BEFORE, "lang": "en"}
        if not asker.view.sees(layer):
            asker.same_refusal(layer.id, AT.format("{}") + "/changes", 404, params=params)
            continue
        told = asker.told(at(layer, "/changes"), params=params)["features"]
        assert [each["id"] for each in told] == sorted(row.id for row in asker.view.rows(layer))
        fields = set(asker.view.fields(layer)) - {"id"}
        for each in told:
            assert each["properties"].pop("change") == "added"
            assert set(each["properties"]) == fields
        one = asker.told(at(layer, "/changes"), params={**params, "limit": 1})
        more = {link["rel"] for link in one["links"]} >= {"next"}
        assert more == (len(told) > 1), layer.id
        if told:
            after = {**params, "after": told[0]["id"]}
            rest = asker.told(at(layer, "/changes"), params=after)["features"]
            assert [each["id"] for each in rest] == [each["id"] for each in told[1:]]
        far = {**params, "bbox": "10,10,11,11"}
        assert asker.told(at(layer, "/changes"), params=far)["features"] == []
