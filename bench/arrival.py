"""How fast the arrival answer comes from what is stored: `python -m bench.arrival --rounds 300`.

Makes a town of its own on the server of MUANG_DATABASE_URL: a chain of three gauges with 90 days of
readings every 15 minutes, forecast once; serves it with a uvicorn of its own, asks for the lower
gauge over one kept connection, and drops the town again.
"""

import argparse
import json
import os
import secrets
import statistics
import time
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np

from db import readings
from db.connect import Machine
from db.readings import Reading
from db.towns import drop_town
from ops.forecasting.forecaster import Forecaster
from tests.conftest import TownHandle, make_town
from tests.flood.made_rivers import arriving, floods
from tests.served import served
from tests.tiny import load_rows, point

DAYS = 90
STEP_H = 0.25


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    rounds = parser.parse_args().rounds
    url = os.environ["MUANG_DATABASE_URL"]
    town = make_town(url, secrets.token_hex(32))
    try:
        first, again = _filled(town)
        with served(town) as address, httpx.Client(base_url=address, trust_env=False) as client:
            times = [_asked(client) for _ in range(rounds + 20)][20:]
            told = {
                "rounds": rounds,
                "p50_ms": round(statistics.median(times), 2),
                "p99_ms": round(statistics.quantiles(times, n=100)[98], 2),
                "first_forecast_s": round(first, 2),
                "next_forecast_s": round(again, 3),
                "load_1_min": round(os.getloadavg()[0], 1),
            }
            print(json.dumps(told), flush=True)
    finally:
        drop_town(url, town.town_id)


def _filled(town: TownHandle) -> tuple[float, float]:
    """Fill the town; seconds of the first forecast of its three gauges, and of one more."""
    far = floods(3, DAYS, step_h=STEP_H)
    near = arriving(far, lambda x: np.full(len(x), 18.0), seed=4, step_h=STEP_H)
    low = arriving(near, lambda x: np.full(len(x), 30.0), seed=5, step_h=STEP_H)
    codes = ("FAR", "NEAR", "LOW")
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    with town.connect(Machine.LOADER) as conn:
        level = {"kind": "river", "expected_interval_s": 900, "bank_left_m": 101.0}
        load_rows(
            conn, "gauges", [{"code": code, "geom": point(400, -20), **level} for code in codes]
        )
        link = {"stage_class": "all", "lag_source": "staff"}
        ways = (("FAR", "NEAR", 14.0, 22.0), ("NEAR", "LOW", 24.0, 36.0))
        load_rows(
            conn,
            "gauge_links",
            [
                {**link, "upstream": a, "downstream": b, "lag_min_h": low_h, "lag_max_h": high_h}
                for a, b, low_h, high_h in ways
            ],
        )
        for code, values in zip(codes, (far, near, low), strict=True):
            start = end - timedelta(hours=STEP_H * (len(values) - 1))
            rows = [
                Reading(code, at, float(value), source="bench", received_at=at)
                for at, value in (
                    (start + timedelta(hours=STEP_H * n), value) for n, value in enumerate(values)
                )
            ]
            readings.add(conn, "gauge_readings", rows)
        conn.commit()
        forecaster = Forecaster()
        began = time.perf_counter()
        forecaster.run(conn)
        first = time.perf_counter() - began
        began = time.perf_counter()
        forecaster.run(conn, only="LOW", always=True)
        return first, time.perf_counter() - began


def _asked(client: httpx.Client) -> float:
    began = time.perf_counter()
    reply = client.post("/queries/arrival", json={"gauge": "LOW", "horizon_h": 240})
    took = (time.perf_counter() - began) * 1000
    reply.raise_for_status()
    assert len(reply.json()["forecast"]) > 10
    return took


if __name__ == "__main__":
    main()
