"""Rows of the matrix for gauges: what they say, and who enters and judges readings."""

from layers.model import DESK, INTERNAL, Role
from tests.matrix.asking import Asker

WATCH = DESK | {Role.TEAM}


def gauges(asker: Asker) -> None:
    """Every station for everybody; who set a threshold, and what nobody entered, for staff."""
    inside = asker.view.role in INTERNAL
    for params in ({}, {"as_of": "2199-12-31T00:00:00Z"}):
        told = asker.told("/gauges", params=params)
        (gauge,) = told["gauges"]
        assert gauge["code"] == "G1"
        (threshold,) = gauge["thresholds"]
        assert (threshold["set_by"] is not None) == inside
        assert (told["unknown_stations"] == []) or inside


def readings(asker: Asker) -> None:
    """A station's readings are everybody's, however they are asked for."""
    path = "/gauges/G1/readings"
    stretch = {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}
    for params in (
        {},
        {**stretch, "step": "3600"},
        {**stretch, "all": "true", "as_of": "2199-12-31T00:00:00Z"},
    ):
        assert asker.told(path, params=params)["readings"] == []
    assert asker.get(path, params={"format": "csv"}).text.startswith("id,at,")
    asker.get("/gauges/zzz/readings", 404)


def entries(asker: Asker) -> None:
    """Who may not enter a reading is refused whatever it is; who may is told what is wrong."""
    path = "/gauges/G1/readings"
    marks = {"Idempotency-Key": "matrix"}
    refused = (400,) if asker.view.role in WATCH else (401, 403)
    asker.ask("POST", path, refused, json={}, headers=marks)
    there = (404,) if asker.view.role in WATCH else (401, 403)
    asker.ask("POST", f"{path}/1/photo", there, content=b"GIF89a")
    there = (404,) if asker.view.role in DESK else (401, 403)
    asker.ask("POST", f"{path}/1/marks", there, json={"wrong": True, "reason": "matrix"})
    there = (404,) if asker.view.role in INTERNAL else (401, 403)
    for what in ("photo", "marks"):
        asker.get(f"{path}/1/{what}", there)
