"""Readings of the demo towns: the same for everybody, believable, and only where all is demo."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from db import readings
from db.connect import Machine
from db.datasets import Dataset
from db.readings import columns, station_limits
from etl.demo.gauges import DAYS, between, need_readings
from etl.demo.load import _load_layer
from flood.gauges import judge
from layers import catalog
from layers.series import of_kind
from tests.conftest import TownHandle
from tests.etl.demo_data import TOWNS, demo
from tests.tiny import load_rows, tiny

NOW = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)


@pytest.mark.parametrize("town", TOWNS)
def test_the_demo_says_of_everything_that_it_is_invented(town: str) -> None:
    frames = demo(town).frames
    assert frames["gauges"]["name"].str.contains("demo").all()
    for layer in ("gauges", "gauge_thresholds", "remembered_floods", "gauge_links"):
        assert frames[layer]["note"].str.contains("invented").all(), layer


@pytest.mark.parametrize("town", TOWNS)
def test_demo_water_has_no_fault(town: str) -> None:
    for code, kind, step in (
        demo(town).frames["gauges"][["code", "kind", "expected_interval_s"]].itertuples(index=False)
    ):
        told = between(town, code, NOW - timedelta(days=20), NOW)
        # the same instants give the same water
        assert told[-96:] == between(town, code, told[-97].at, NOW)
        rows = [
            (one.station, n, one.at, one.value, None, one.received_at, "", 0, False)
            for n, one in enumerate(told)
        ]
        found = columns(rows)
        limits = station_limits(of_kind(kind).id, kind, {"expected_interval_s": float(step)})
        assert not judge(found.at, found.value, found.received, limits).any(), code
        assert np.ptp(found.value) > 1.0


def test_readings_go_on_where_they_ended_and_stop_where_real_data_are(
    blank_town: TownHandle,
) -> None:
    frames = demo("phibun").frames
    with blank_town.connect(Machine.LOADER) as conn:
        _load_layer(conn, catalog.get("gauges"), frames["gauges"])
        first = need_readings(conn, "phibun", NOW)
        assert first == 2 * DAYS * 96
        assert need_readings(conn, "phibun", NOW) == 0
        assert need_readings(conn, "phibun", NOW + timedelta(hours=1)) == 8
        now = NOW + timedelta(hours=1)
        last = readings.latest(conn, "gauge_readings", now=now)["PB-DEMO"]
        assert now - last.at < timedelta(minutes=15)
        load_rows(
            conn,
            "closures",
            tiny()["closures"],
            dataset=Dataset(layer="closures", source="the town's own", actor="t"),
        )
        assert need_readings(conn, "phibun", NOW + timedelta(hours=2)) == 0
