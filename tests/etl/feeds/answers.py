"""Answers in the shapes of the sources, made here: nothing of them was copied from anybody."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

THAI = timezone(timedelta(hours=7))


def body(document: Any) -> bytes:
    """A document as a server sends it."""
    return json.dumps(document, ensure_ascii=False).encode()


def level_row(code: str | None, at: str, level: Any, **station: Any) -> dict[str, Any]:
    """One row of water levels."""
    return {
        "id": 17,
        "station": {
            "id": 4711,
            "tele_station_oldcode": code,
            "tele_station_name": {"th": "สะพานทดสอบ", "en": "Test bridge"},
            "tele_station_lat": 15.2,
            "tele_station_long": 105.2,
            "min_bank": 0,
            "left_bank": 113.0,
            "right_bank": 0,
            "ground_level": 101.5,
            **station,
        },
        "waterlevel_msl": level,
        "waterlevel_msl_previous": "107.10",
        "waterlevel_datetime": at,
        "situation_level": None,
        "geocode": {"province_code": "34"},
    }


def thaiwater(*rows: Any, second: bool = False) -> bytes:
    """Water levels in the first envelope, or in the second."""
    told = {"result": "OK", "data": list(rows)}
    return body(told if second else {"waterlevel_data": told, "scale": None})


def at_thai(moment: datetime) -> str:
    """A time as ThaiWater writes it."""
    return moment.astimezone(THAI).strftime("%Y-%m-%d %H:%M")


def nwis(*series: dict[str, Any]) -> bytes:
    """An answer of NWIS's shape."""
    return body({"name": "ns1:timeSeriesResponseType", "value": {"timeSeries": list(series)}})


def nwis_series(
    site: str, what: str, unit: str, *points: tuple[str, Any], missing: float = -999999.0
) -> dict[str, Any]:
    """One time series of such an answer."""
    return {
        "sourceInfo": {"siteName": "TEST RIVER", "siteCode": [{"value": site}]},
        "variable": {
            "variableCode": [{"value": what}],
            "unit": {"unitCode": unit},
            "noDataValue": missing,
        },
        "values": [{"value": [{"dateTime": at, "value": value} for at, value in points]}],
        "name": f"USGS:{site}:{what}:00000",
    }


def cell(lon: float, lat: float, **facts: Any) -> dict[str, Any]:
    """A flooded cell, a square of about 100 m."""
    ring = [[lon, lat], [lon + 0.001, lat], [lon + 0.001, lat + 0.001], [lon, lat + 0.001]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {"tb_idn": "341901", "f_area": 5000.0, **facts},
    }


def flood_cells(*features: Any, key: str = "") -> bytes:
    """Flood features; the service tells the key it was asked with in its links."""
    address = f"https://api.example.org/floods?limit=100&api_key={key}"
    return body(
        {
            "type": "FeatureCollection",
            "features": list(features),
            "links": [{"href": address, "rel": "self"}, {"href": address, "rel": "next"}],
        }
    )
