"""A tiny deterministic town near Phibun Mangsahan: a few features in every layer.

Coordinates are metres from `ORIGIN` in EPSG:32648. The town is a 1,000 m square; the flood
`Z100` covers its southern 300 m, `Z10` the southern 100 m.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, box

from db.connect import Machine
from db.datasets import Dataset
from db.load import Incoming, load
from layers.catalog import get
from tests.tiny_war_room import war_room

if TYPE_CHECKING:
    from tests.conftest import TownHandle

ORIGIN = (524000.0, 1685000.0)


def square(x: float, y: float, width: float, height: float) -> MultiPolygon:
    """A rectangle with its lower left corner at (x, y), in the town's CRS."""
    e, n = ORIGIN
    return MultiPolygon([box(e + x, n + y, e + x + width, n + y + height)])


def point(x: float, y: float) -> Point:
    """A point, in the town's CRS."""
    return Point(ORIGIN[0] + x, ORIGIN[1] + y)


def line(*points: tuple[float, float]) -> MultiLineString:
    """A line of one part, in the town's CRS."""
    return MultiLineString([LineString([(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in points])])


def tiny() -> dict[str, list[dict[str, Any]]]:
    """Rows of every layer by layer id."""
    parcels = [
        {
            "code": f"01A{i:03d}",
            "deed_type": "โฉนด",
            "deed_no": str(1000 + i),
            "use": ("residential", "commercial", "agriculture", None)[i % 4],
            "area_deed_m2": 9990.0,
            "area_m2": 10000.0,
            "appraised_value": 1_000_000.0 + i,
            "owner_name": f"นายทดสอบ ลำดับ{i}",
            "geom": square(100 * (i % 10), 100 * (i // 10), 100, 100),
        }
        for i in range(100)
    ]
    houses = [
        {
            "house_code": f"3401000{i:04d}",
            "house_no": f"{i}/1",
            "community": "C1",
            "parcel_code": f"01A{i:03d}",
            "storeys": 1,
            "floor_height_m": None if i % 5 == 0 else 0.5,
            "floor_height_source": "survey",
            "geom": point(100 * (i % 10) + 50, 100 * (i // 10) + 50),
        }
        for i in range(50)
    ]
    buildings = [
        {
            "code": f"B{i:03d}",
            "name": "หอประชุม" if i == 0 else None,
            "kind": ("residential", "commercial", "education", None)[i % 4],
            "storeys": None if i % 5 == 0 else 1 + i % 3,
            "height_m": None if i % 5 == 0 else 3.5 + i % 3,
            "geom": square(100 * (i % 10) + 40, 100 * (i // 10) + 40, 20, 15),
        }
        for i in range(50)
    ]
    households = [
        {
            "code": f"H{i:03d}",
            "house_code": f"3401000{i:04d}",
            "registered_0_5": 1,
            "registered_6_17": 1,
            "registered_18_59": 2,
            "registered_60_up": 1,
            "sleeping_0_5": None if i % 2 else 0,
            "sleeping_6_17": None if i % 2 else 1,
            "sleeping_18_59": None if i % 2 else 1,
            "sleeping_60_up": None if i % 2 else 2,
            "phone": f"000-000-{i:04d}",
        }
        for i in range(50)
    ]
    care = [
        {
            "code": f"K{i}",
            "kind": "home",
            "household": f"H{i:03d}",
            "adl_score": i,
            "band": "bedridden" if i < 5 else "homebound",
            "needs": ["oxygen"] if i == 0 else [],
            "person_name": f"ยายทดสอบ <b>{i}</b> 'อ้างอิง'",
            "phone": f"000-111-{i:04d}",
            "diagnosis": "ความลับ",
            "last_verified_on": date(2026, 11, 1),
            "geom": point(100 * i + 50, 50),
        }
        for i in range(8)
    ]
    care.append(
        {
            "code": "F1",
            "kind": "facility",
            "facility_name": "บ้านพักผู้สูงอายุ",
            "beds": 20,
            "geom": point(550, 550),
        }
    )
    return {
        "town_boundary": [{"code": "T", "name_th": "ทดสอบ", "geom": square(0, 0, 1000, 1000)}],
        "communities": [
            {"code": "C1", "name": "ชุมชนแก่งสะพือ", "geom": square(0, 0, 500, 1000)},
            {"code": "C2", "name": "ชุมชนหนองบัว", "geom": square(500, 0, 500, 1000)},
        ],
        "water": [
            {"code": "W1", "name": "แม่น้ำ", "kind": "river", "geom": square(0, -200, 1000, 200)}
        ],
        "parcels": parcels,
        "parcel_uses": [
            {"parcel_code": "01A000", "use": "residential", "area_m2": 6000.0},
            {"parcel_code": "01A000", "use": "commercial", "area_m2": 4000.0},
        ],
        "buildings": buildings,
        "houses": houses,
        "households": households,
        "permits": [
            {"permit_no": "อ1/2569", "kind": "building", "status": "issued", "geom": point(50, 50)},
            {"permit_no": "อ2/2569", "kind": "food", "status": "issued", "geom": point(150, 250)},
            {
                "permit_no": "อ3/2569",
                "kind": "hazardous",
                "status": "issued",
                "holder_name": "บริษัท ทดสอบ",
                "geom": point(150, 850),
            },
        ],
        "roads": [
            {
                "code": "R1",
                "class": "primary",
                "name": "ถนนริมมูล",
                "geom": line((0, 150), (500, 150), (1000, 150)),
            },
            {
                "code": "R2",
                "class": "residential",
                "name": "ซอย 1",
                "geom": line((500, 0), (500, 150), (500, 1000)),
            },
        ],
        "waste_routes": [
            {
                "code": "B1",
                "name": "สาย 1",
                "weekdays": ["mon", "thu"],
                "start_time": "05:00",
                "geom": line((0, 150), (500, 150), (500, 1000)),
            }
        ],
        "waste_stops": [
            {"code": "B1-1", "route_code": "B1", "seq": 1, "geom": point(0, 150)},
            {"code": "B1-2", "route_code": "B1", "seq": 2, "geom": point(500, 1000)},
        ],
        "flood_zones": [
            {
                "code": "Z100",
                "name": "คาบ 100 ปี",
                "kind": "return_period",
                "return_period_y": 100,
                "depth_class": "lt_0_3",
                "depth_min_m": 0.0,
                "depth_max_m": 0.3,
                "geom": square(-50, -50, 1100, 350),
            },
            {
                "code": "Z10",
                "name": "คาบ 10 ปี",
                "kind": "return_period",
                "return_period_y": 10,
                "depth_class": "gt_1",
                "depth_min_m": 1.0,
                "geom": square(-50, -50, 1100, 140),
            },
            {
                "code": "S112",
                "name": "ระดับ 112 ม.",
                "kind": "stage",
                "gauge": "DEMO.1",
                "stage_m": 112.0,
                "observed_at": datetime(2026, 11, 1, tzinfo=UTC),
                "geom": square(-50, -50, 550, 250),
            },
        ],
        "flood_stages": [
            {
                "code": "DEMO.1-R-11200-11200",
                "gauge": "DEMO.1",
                "kind": "ring",
                "wet_from_m": 112.0,
                "level_m": 112.0,
                "geom": square(-50, -50, 550, 250),
            },
            {
                "code": "DEMO.1-N",
                "gauge": "DEMO.1",
                "kind": "not_modelled",
                "geom": square(900, 900, 100, 100),
            },
        ],
        "levees": [
            {
                "code": "L1",
                "name": "คันริมแม่น้ำ",
                "kind": "levee",
                "crest_m": 113.5,
                "state": "closed",
                "geom": line((0, 10), (1000, 10)),
            }
        ],
        "shelters": [
            {
                "code": "S1",
                "name": "โรงเรียนบ้านดอน",
                "capacity": 300,
                "open": True,
                "geom": point(800, 800),
            },
            {
                "code": "S2",
                "name": "วัดริมน้ำ",
                "capacity": 120,
                "open": False,
                "geom": point(200, 60),
            },
        ],
        "facilities": [
            {"code": "P1", "name": "สถานีอนามัย", "kind": "clinic", "geom": point(300, 80)},
            {"code": "P2", "name": "เทศบาล", "kind": "government", "geom": point(700, 700)},
        ],
        "quality_findings": [
            {
                "about": "parcels",
                "kind": "overlap",
                "severity": "warning",
                "seen_by": "office",
                "sentence_th": "แปลงทับซ้อนกัน 12.00 ตร.ม.",
                "sentence_en": "Parcels overlap by 12.00 m2",
                "feature_id": 1,
                "other_id": 2,
                "area_m2": 12.0,
                "length_m": 0.4,
                "geom": point(100, 50),
            },
            {
                "about": "care_locations",
                "kind": "same_shape",
                "severity": "warning",
                "seen_by": "admin",
                "sentence_th": "รูปซ้ำ",
                "sentence_en": "The same shape twice",
                "feature_id": 3,
                "geom": point(250, 50),
            },
        ],
        "care_locations": care,
        "closures": [{"code": "X1", "status": "lifted", "geom": point(500, 500)}],
        "power_areas": [
            {"code": "P1", "name": "ตะวันตก", "state": "on", "geom": square(0, 0, 500, 1000)},
            {"code": "P2", "name": "ตะวันออก", "state": "off", "geom": square(500, 0, 500, 1000)},
        ],
        "resources": [
            {
                "code": f"B{i}",
                "name": f"เรือ {i}",
                "vehicle": "flat_boat",
                "status": "ready",
                "places": 6,
                "stretchers": 1,
                "geom": point(500, 350),
            }
            for i in range(1, 7)
        ],
        "refuge_plans": [
            {"community": "C1", "seq": 1, "shelter_code": "S1"},
            {"community": "C2", "seq": 1, "shelter_code": "S1"},
        ],
        "vehicle_limits": [{"vehicle": "military_truck", "wades_m": 0.9, "reference": "คู่มือสมมติ"}],
        "evacuation_ranks": [{"household": "H007", "rank": 1, "reason": "สะพานไม้ชำรุด"}],
        "gauges": [
            {
                "code": "DEMO.1",
                "name": "สะพานทดสอบ",
                "river": "แม่น้ำ",
                "kind": "river",
                "zero_m": 105.0,
                "datum": "kolak_1915",
                "bank_left_m": 113.0,
                "bank_right_m": 112.0,
                "expected_interval_s": 900,
                "geom": point(500, -20),
            },
            {"code": "DEMO.R", "name": "ฝนทดสอบ", "kind": "rain", "geom": point(700, 690)},
        ],
        "gauge_thresholds": [
            {
                "gauge": "DEMO.1",
                "name": "เฝ้าระวัง",
                "kind": "watch",
                "level_m": 111.0,
                "set_by": "tests",
                "set_on": date(2026, 11, 1),
            }
        ],
        "gauge_zeros": [
            {
                "gauge": "DEMO.1",
                "valid_from": datetime(2026, 10, 1, tzinfo=UTC),
                "zero_m": 105.0,
                "reason": "ระดับเดิม",
                "set_by": "tests",
            }
        ],
        "gates": [{"code": "GT1", "name": "ประตูน้ำ 1", "status": "open", "geom": point(250, 0)}],
        "pumps": [
            {
                "code": "PM1",
                "name": "เครื่องสูบ 1",
                "status": "running",
                "driven_by": "diesel",
                "fuel_percent": 40,
                "status_at": datetime(2026, 11, 1, tzinfo=UTC),
                "geom": point(260, 10),
            }
        ],
        "drains": [{"code": "D1", "status": "clear", "geom": line((300, 300), (300, 0))}],
        "sandbag_points": [{"code": "SB1", "status": "low", "bags": 40, "geom": point(600, 60)}],
        "gauge_links": [
            {
                "upstream": "DEMO.R",
                "downstream": "DEMO.1",
                "stage_class": "all",
                "lag_source": "staff",
                "lag_min_h": 1.0,
                "lag_max_h": 4.0,
                "set_by": "tests",
                "note": "ตัวอย่าง",
            }
        ],
        "remembered_floods": [{"gauge": "DEMO.1", "year_be": 2565, "peak_m": 114.5}],
        "assumptions": [
            {
                "what": "displaced_above_m",
                "value": 0.0,
                "reason": "ค่าทดสอบ",
                "decided_by": "ผู้ทดสอบ",
                "decided_on": date(2026, 11, 1),
            }
        ],
        "minimum_needs": [
            {
                "code": "water",
                "name": "น้ำดื่ม",
                "name_en": "Drinking water",
                "amount": 3.0,
                "unit": "L",
                "per": "person_day",
                "reference": "ค่าทดสอบ",
            },
            {
                "code": "kit",
                "name": "ถุงยังชีพ",
                "name_en": "Relief kits",
                "amount": 1.0,
                "unit": "ถุง",
                "unit_en": "bags",
                "per": "household",
                "reference": "ค่าทดสอบ",
            },
            {
                "code": "milk",
                "name": "นมผง",
                "amount": None,
                "unit": "กล่อง",
                "per": "person_day",
                "age": "0-5",
                "reference": "ยังไม่กำหนด",
            },
        ],
        **war_room(point(500, 150), point(750, 500)),
    }


def load_tiny(town: "TownHandle") -> None:
    """Load every layer of the tiny town."""
    with town.connect(Machine.LOADER) as conn:
        for layer_id, rows in tiny().items():
            load_rows(conn, layer_id, rows)


def load_rows(conn: Any, layer_id: str, rows: list[dict[str, Any]], **options: Any) -> Any:
    """Load dictionaries into a layer (mode `append` unless said) and return what db.load says."""
    layer = get(layer_id)
    dataset = Dataset(layer=layer_id, source="tiny test town", actor="tests", synthetic=True)
    return load(conn, layer, incoming(rows), **{"mode": "append", "dataset": dataset, **options})


def incoming(rows: list[dict[str, Any]]) -> Incoming:
    """Dictionaries as the loader takes them: named columns, geometry as WKB."""
    columns = tuple(sorted({name for row in rows for name in row}))
    return Incoming(
        columns=columns,
        rows=(
            tuple(
                shapely.to_wkb(row["geom"])
                if name == "geom" and row.get("geom") is not None
                else row.get(name)
                for name in columns
            )
            for row in rows
        ),
    )
