"""Findings: each kind found where it is and nowhere else, gone once mended, seen by the right."""

import hashlib
from typing import Any

import pytest
import shapely
from shapely.geometry import MultiPolygon, Polygon

from db import quality
from db.changes import number_changes
from db.connect import Machine
from db.quality import Quality, Repair, findings_of, keep_repairs, refresh
from layers import catalog
from layers.catalog import get
from layers.model import OFFICE, Role
from layers.quality_findings import HELD, KINDS, OPEN
from tests.conftest import TownHandle
from tests.tiny import ORIGIN, line, load_rows, point, square

PARCELS = get("parcels")


def counts(found: Quality) -> dict[str, int]:
    return {kind.kind: kind.found for kind in found.kinds}


def look(conn: Any, layer_id: str = "parcels") -> Quality:
    found = refresh(conn, get(layer_id), "tests")
    number_changes(conn)
    return found


def kept(conn: Any, kind: str) -> list[dict[str, Any]]:
    rows = conn.execute(
        "SELECT feature_id, other_id, area_m2, length_m, sentence_th, sentence_en, seen_by,"
        " dataset_id, ST_X(geom), ST_Y(geom) FROM town.quality_findings WHERE kind = %s"
        " ORDER BY feature_id",
        [kind],
    ).fetchall()
    names = ("id", "other", "area", "length", "th", "en", "seen_by", "dataset", "x", "y")
    return [dict(zip(names, row, strict=True)) for row in rows]


def ids(conn: Any, layer_id: str = "parcels") -> dict[str, int]:
    rows = conn.execute(f"SELECT code, id FROM town.{layer_id}".encode()).fetchall()  # noqa: S608
    return {str(code): int(str(number)) for code, number in rows}


def parcel(code: str, shape: Any) -> dict[str, Any]:
    return {"code": code, "geom": shape}


def area(*corners: tuple[float, float]) -> MultiPolygon:
    e, n = ORIGIN
    return MultiPolygon([Polygon([(e + x, n + y) for x, y in corners])])


def test_a_clean_town_has_no_findings(own_tiny_town: TownHandle) -> None:
    with own_tiny_town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM town.quality_findings")
        found = look(conn)
        assert (counts(found), found.appeared, found.vanished) == ({}, 0, 0)


def test_overlaps_are_found_with_area_width_and_both_parcels(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        rows = [
            parcel("A", square(0, 0, 100, 100)),
            parcel("B", square(99, 0, 100, 100)),  # 100 m2, about 1 m wide
            parcel("C", square(0, 100, 100, 100)),  # touches A, overlaps nothing
            parcel("D", square(99.95, 200, 100, 100)),
            parcel("E", square(0, 200, 100, 100)),  # 5 m2 but 5 cm wide: noise of drawing
            parcel("F", square(20, 20, 0.9, 0.9)),  # inside A: 0.81 m2, below the limit
        ]
        load_rows(conn, "parcels", rows)
        found = look(conn)
        assert counts(found)["overlap"] == 1
        (overlap,) = kept(conn, "overlap")
        by_code = ids(conn)
        assert (overlap["id"], overlap["other"]) == (by_code["A"], by_code["B"])
        assert overlap["area"] == pytest.approx(100)
        assert overlap["length"] == pytest.approx(2 * 100 / 202, abs=0.01)
        assert "overlap by 100.00 m2" in overlap["en"]
        assert "ทับซ้อนกัน 100.00 ตร.ม." in overlap["th"]
        assert ORIGIN[0] + 99 <= overlap["x"] <= ORIGIN[0] + 100
        assert overlap["seen_by"] == OPEN


def test_slits_are_gaps_and_ways_are_not(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        rows = [
            parcel("A", square(0, 0, 100, 100)),
            parcel("B", square(100.5, 0, 100, 100)),  # a slit of half a metre, open at both ends
            parcel("C", square(0, 103, 100, 100)),  # a lane of 3 m
            # beside C a wedge that ends in a point, 0 to 0.8 m
            parcel("D", area((100, 103), (200, 103), (200, 203), (100.8, 203))),
            parcel("E", square(0, 203, 100, 50)),  # touches C all along
        ]
        load_rows(conn, "parcels", rows)
        assert counts(look(conn)) == {"gap": 2}
        slit, wedge = sorted(kept(conn, "gap"), key=lambda gap: gap["y"])
        assert slit["area"] == pytest.approx(50, abs=0.5)
        assert slit["length"] == pytest.approx(0.5, abs=0.02)
        assert wedge["area"] == pytest.approx(40, abs=1)
        assert {slit["id"], slit["other"]} == {ids(conn)["A"], ids(conn)["B"]}
        assert ORIGIN[0] + 100 <= slit["x"] <= ORIGIN[0] + 100.5


def test_a_gap_across_cells_is_told_once_a_cell_and_nothing_twice(blank_town: TownHandle) -> None:
    """A long slit is cut by the cells it is looked at in; its parts add up to the whole."""
    with blank_town.connect(Machine.LOADER) as conn:
        rows = [parcel("A", square(0, 0, 900, 50)), parcel("B", square(0, 50.5, 900, 50))]
        load_rows(conn, "parcels", rows)
        look(conn)
        gaps = kept(conn, "gap")
        assert len({(gap["x"], gap["y"]) for gap in gaps}) == len(gaps) == 1
        assert gaps[0]["area"] == pytest.approx(450, abs=1)


def test_repeats_slivers_and_strays(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "town_boundary", [{"code": "T", "geom": square(0, 0, 1000, 1000)}])
        turned = shapely.MultiPolygon(
            [
                Polygon(
                    [
                        (x, y)
                        for x, y in list(square(0, 0, 50, 50).geoms[0].exterior.coords)[2:-1]
                        + list(square(0, 0, 50, 50).geoms[0].exterior.coords)[:3]
                    ]
                )
            ]
        )
        rows = [
            parcel("A", square(0, 0, 50, 50)),
            parcel("B", turned),  # the same, from another corner on
            parcel("C", square(200, 0, 50, 50)),
            parcel("C", square(300, 0, 50, 50)),
            parcel("D", square(400, 0, 0.5, 0.5)),
            parcel("E", square(500, 0, 100, 0.1)),
            parcel("F", square(1500, 0, 50, 50)),
            {"code": None, "geom": square(600, 0, 50, 50)},
            {"code": None, "geom": square(700, 0, 50, 50)},  # no key is no repeated key
        ]
        load_rows(conn, "parcels", rows)
        by_code = ids(conn)
        found = counts(look(conn))
        assert found.pop("overlap") == 1  # A and B lie on each other as well
        assert found == {"same_shape": 1, "same_key": 1, "sliver": 2, "outside_town": 1}
        (shape,) = kept(conn, "same_shape")
        assert (shape["id"], shape["other"]) == (by_code["B"], by_code["A"])
        (stray,) = kept(conn, "outside_town")
        assert (stray["id"], stray["length"]) == (by_code["F"], 500)
        assert "500.00 m away" in stray["en"]
        assert all("C" not in found["en"].split("no.")[1] for found in kept(conn, "same_key"))


def test_points_at_one_place_are_repeats_only_with_one_key(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        rows = [{"permit_no": number, "geom": point(10, 10)} for number in ("1", "2", "2")]
        load_rows(conn, "permits", rows)
        load_rows(conn, "roads", [{"code": c, "geom": line((0, 0), (9, 9))} for c in ("a", "b")])
        assert counts(look(conn, "permits")) == {"same_shape": 1, "same_key": 1}
        assert counts(look(conn, "roads")) == {"same_shape": 1}


def test_findings_vanish_when_mended_and_stay_as_they_are_when_not(blank_town: TownHandle) -> None:
    with blank_town.connect(Machine.LOADER) as conn:
        rows = [
            parcel("A", square(0, 0, 100, 100)),
            parcel("B", square(98, 0, 100, 100)),
            parcel("C", square(0, 500, 100, 100)),
            parcel("D", square(98, 500, 100, 100)),
        ]
        load_rows(conn, "parcels", rows)
        assert (look(conn).appeared, look(conn).appeared) == (2, 0)
        before = conn.execute("SELECT id, feature_id FROM town.quality_findings").fetchall()
        pos = conn.execute("SELECT muang.current_pos()").fetchone()
        load_rows(conn, "parcels", [parcel("B", square(100, 0, 100, 100))], mode="upsert")
        found = look(conn)
        assert (found.appeared, found.vanished, counts(found)) == (0, 1, {"overlap": 1})
        after = conn.execute("SELECT id, feature_id FROM town.quality_findings").fetchall()
        assert set(after) < set(before)
        logged = conn.execute(
            "SELECT op, row_count FROM muang.layer_change WHERE layer = 'quality_findings'"
            " AND pos > %s",
            list(pos or ()),
        ).fetchall()
        assert logged == [("delete", 1)], "maps hear of it like of every other change"


def test_a_repaired_shape_is_told_until_somebody_draws_it_anew(blank_town: TownHandle) -> None:
    shape = square(0, 0, 10, 10)
    with blank_town.connect(Machine.LOADER) as conn:
        done = load_rows(conn, "parcels", [parcel("A", shape), parcel("B", square(50, 0, 9, 9))])
        md5 = hashlib.md5(shapely.to_wkb(shape), usedforsecurity=False).hexdigest()
        place = (ORIGIN[0] + 5, ORIGIN[1] + 10)
        repair = Repair(1, "self_intersection", "ตัดกันเอง", "crosses itself", place, None, 3.5, md5)
        keep_repairs(conn, done.dataset_id, [repair])
        conn.commit()
        assert counts(look(conn)) == {"repaired": 1}
        (told,) = findings_of(conn, done.dataset_id)
        assert (told.row, told.area_m2, told.severity) == (1, 3.5, "note")
        assert told.en.endswith("row 1 of its file: repaired, crosses itself")
        assert told.th.endswith("ซ่อมแล้ว ตัดกันเอง")
        assert (kept(conn, "repaired")[0]["x"], kept(conn, "repaired")[0]["y"]) == place
        load_rows(conn, "parcels", [parcel("A", square(0, 0, 10, 11))], mode="upsert")
        assert look(conn).vanished == 1


def test_only_the_gravest_are_kept_and_all_are_counted(
    blank_town: TownHandle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "MOST_KEPT", 2)
    with blank_town.connect(Machine.LOADER) as conn:
        load_rows(conn, "town_boundary", [{"code": "T", "geom": square(0, 0, 10, 10)}])
        rows = [parcel(str(n), square(100 * n, 0, 50, 50)) for n in range(1, 6)]
        load_rows(conn, "parcels", rows)
        (kind,) = look(conn).kinds
        assert (kind.found, kind.kept) == (5, 2)
        assert sorted(each["length"] for each in kept(conn, "outside_town")) == [390, 490]


def test_findings_on_what_not_all_the_office_sees_are_the_administrators(
    own_tiny_town: TownHandle,
) -> None:
    assert quality.seen_by(get("care_locations")) == HELD
    assert quality.seen_by(PARCELS) == quality.seen_by(get("houses")) == OPEN
    with own_tiny_town.connect(Machine.LOADER) as conn:
        conn.execute("DELETE FROM town.quality_findings")
        homes = [{"code": "K1", "kind": "home", "geom": point(2000, 2000)}]
        load_rows(conn, "care_locations", homes)
        look(conn, "care_locations")
        everything = conn.execute("SELECT count(*) FROM town.quality_findings").fetchone()
        assert everything
        assert int(str(everything[0])) >= 2
    for role in Role:
        with own_tiny_town.connect(role) as conn:
            shown = conn.execute(
                "SELECT to_regclass(%s) IS NOT NULL", [f"as_{role}.quality_findings"]
            ).fetchone() == (True,)
            assert shown == (role in OFFICE)
            if shown:
                seen = conn.execute("SELECT count(*) FROM quality_findings").fetchone()
                assert (seen == everything) == (role is Role.ADMIN), role
                assert seen == (0,) or role is Role.ADMIN


def test_every_kind_has_a_name_and_every_layer_can_be_looked_at(own_tiny_town: TownHandle) -> None:
    known = {code.value for code in KINDS}
    with own_tiny_town.connect(Machine.LOADER) as conn:
        for layer in catalog.LAYERS:
            found = look(conn, layer.id)
            assert set(counts(found)) <= known
            assert quality.checked(layer) == (layer.geometry is not None and not layer.computed)


def test_only_areas_lie_side_by_side() -> None:
    declared = get("roads").model_dump()
    with pytest.raises(ValueError, match="side by side"):
        type(PARCELS).model_validate({**declared, "coverage": True})
