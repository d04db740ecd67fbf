"""Whole imports of tiny files into a real PostGIS: the report adds up and nothing is lost."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from etl.order import ImportOrder
from etl.report import Report
from etl.words import render
from layers import catalog
from layers.errors import BadRequestError, RefusedError
from tests.conftest import TownHandle
from tests.etl.files import DATA, do, fingerprint, kinds, order, parcels_order, rows, thai


@pytest.fixture(scope="module")
def parcels(shared_town: TownHandle) -> Report:
    """The tiny parcels joined to their assessments."""
    return do(shared_town, parcels_order())


def finding(report: Report, kind: str) -> Any:
    return next(told for told in report.findings if told.kind == kind)


def test_every_row_read_is_loaded_or_refused(parcels: Report) -> None:
    assert (parcels.read, parcels.loaded, parcels.refused) == (10, 8, 2)
    assert (parcels.inserted, parcels.updated, parcels.deleted) == (8, 0, 0)
    assert {group.reason.en: group.rows for group in parcels.refusals} == {
        "There is no geometry.": (7,),
        "The shape is invalid and nothing of it remains after repair.": (10,),
    }


def test_repairs_and_odd_rows_are_told(parcels: Report) -> None:
    assert parcels.repaired == 1
    assert "12.50 m2 in all" in finding(parcels, "repaired_geometry").text.en
    assert finding(parcels, "outside_boundary").count == 1
    assert (
        "400 m" in finding(parcels, "outside_boundary").examples[0]
        or "500 m" in (finding(parcels, "outside_boundary").examples[0])
    )
    assert finding(parcels, "repeated_key").count == 2
    assert finding(parcels, "missing_key").examples == ("row 6",)
    assert finding(parcels, "unknown_code").examples == ("“CAVE” x 1 (row 5)",)
    assert finding(parcels, "unknown_code").kept == {"CAVE": (5,)}
    assert finding(parcels, "out_of_range").examples == ("row 4: -1",)


def test_the_crs_of_the_topojson_was_confirmed_and_fits(parcels: Report) -> None:
    file = parcels.files[0]
    assert file.crs == "EPSG:4326"
    assert file.crs_evidence is not None
    assert "the file states none" in file.crs_evidence.en
    assert "lie within the town's boundary" in file.crs_evidence.en
    assert file.operation is not None
    assert "UTM zone 48N" in file.operation


def test_many_table_rows_become_one_parcel(shared_town: TownHandle, parcels: Report) -> None:
    found = rows(
        shared_town,
        "SELECT code, address, use, use_detail, area_deed_m2, appraised_value, assessments,"
        " round(area_m2)::integer FROM town.parcels WHERE dataset_id = %s ORDER BY code, area_m2",
        parcels.dataset_id,
    )
    by_code: dict[str | None, list[tuple[Any, ...]]] = {}
    for row in found:
        by_code.setdefault(row[0], []).append(row)
    # the address without a flat number, the use of the dearest row, sums of values, largest area
    assert by_code["P1"][0][1:7] == (
        "12 ถนนหลวง",
        "commercial",
        "SHOP",
        1000.0,
        1_200_000.0,
        3,
    )
    assert by_code["P2"][0][5:7] == (None, 1)
    # the larger of two shapes with one key carries the sums
    small, large = by_code["P4"]
    assert small[5:7] == (None, None)
    assert small[2] == "residential"
    assert large[5:7] == (1_750_000.5, 2)
    assert by_code["P8"][0][1:7] == (None, None, None, None, None, None)
    assert abs(by_code["P1"][0][7] - 10_000) < 10


def test_the_join_is_counted_in_both_directions(parcels: Report) -> None:
    (joined,) = parcels.joins
    assert (joined.table_rows, joined.table_rows_joined) == (10, 7)
    assert joined.table_keys_unmatched == (("PX", 2),)
    assert joined.table_rows_without_key == 1
    assert (joined.file_rows, joined.file_rows_joined) == (8, 5)
    assert joined.file_keys_unmatched == (("P8", 1), ("P9", 1))
    assert joined.file_rows_without_key == 1
    assert finding(parcels, "shared_key").count == 1


def test_uses_become_child_records(shared_town: TownHandle, parcels: Report) -> None:
    (child,) = parcels.children
    assert (child.read, child.loaded, child.refused, child.records) == (10, 6, 4, 4)
    found = rows(
        shared_town,
        "SELECT parcel_code, use, area_m2, appraised_value FROM town.parcel_uses ORDER BY 1, 2",
    )
    assert found == [
        ("P1", "commercial", None, 700_000.0),
        ("P1", "residential", 1000.0, 500_000.0),
        ("P2", "residential", 5000.0, None),
        ("P4", "residential", 6250.0, 1_750_000.5),
    ]
    lost = rows(
        shared_town,
        "SELECT reason_en, row_data ->> 'Location' FROM muang.refused_row WHERE dataset_id = %s"
        " ORDER BY row_no",
        child.dataset_id,
    )
    assert [row[1] for row in lost] == ["16 ถนนหลวง", "ไม่มีแปลง", "ไม่มีแปลง", "ไม่มีรหัส"]
    assert lost[0][0] == "The kind of use of this row is not known."


def test_refused_rows_are_kept_whole(shared_town: TownHandle, parcels: Report) -> None:
    found = rows(
        shared_town,
        "SELECT row_no, key, reason_th, row_data FROM muang.refused_row WHERE dataset_id = %s"
        " ORDER BY row_no",
        parcels.dataset_id,
    )
    assert [(row[0], row[1]) for row in found] == [(7, "P7"), (10, "P10")]
    assert all(thai(row[2]) for row in found)
    whole = found[1][3]
    assert whole["ML"] == "P10"
    assert whole["_file"] == "parcels.topojson"
    assert whole["_row_in_file"] == 10
    assert whole["_geometry"].startswith("POLYGON ((105.")


def test_the_stored_report_is_the_printed_one(shared_town: TownHandle, parcels: Report) -> None:
    ((stored, finished),) = rows(
        shared_town,
        "SELECT report, finished_at IS NOT NULL FROM muang.dataset WHERE id = %s",
        parcels.dataset_id,
    )
    assert finished
    assert stored == json.loads(parcels.model_dump_json())
    assert len(stored["warnings"]) == len(parcels.warnings)
    both = render(parcels)
    assert "read 10" in both
    assert "refused 2" in both
    assert thai(both)
    assert not thai(render(parcels, "en").replace("ถนนหลวง", ""))


def test_a_changed_report_cannot_lie(parcels: Report) -> None:
    wrong = parcels.model_dump(mode="json", exclude={"warnings"}) | {"loaded": 9}
    with pytest.raises(ValueError, match="not loaded"):
        Report.model_validate(wrong)


def test_text_numbers_yes_no_and_ranges(shared_town: TownHandle) -> None:
    mapping = {"code": "GID"}
    report = do(shared_town, order("shelters", "shelters.geojson", mapping=mapping))
    assert (report.read, report.loaded, report.refused) == (5, 3, 2)
    found = rows(shared_town, "SELECT code, name, capacity, pets FROM town.shelters ORDER BY 1")
    assert found == [
        ("S1", "วัดใต้", 1200, False),
        ("S2", "โรงเรียน", 80, True),
        ("S3", "ศาลา", None, None),
    ]
    assert finding(report, "unreadable_value").examples == ("“ร้อยกว่า” x 1 (row 3)",)
    reasons = {group.reason.en for group in report.refusals}
    assert reasons == {"There is no geometry.", "“Capacity (people)” (capacity) is below 0."}
    kept = rows(
        shared_town,
        "SELECT row_data FROM muang.refused_row WHERE dataset_id = %s AND row_no = 4",
        report.dataset_id,
    )
    assert kept[0][0]["Name"] == "ลบ"
    assert kept[0][0]["Capacity"] == "-5"


def test_an_upsert_changes_only_what_differs(shared_town: TownHandle) -> None:
    mapping = {"code": "GID"}
    do(shared_town, order("shelters", "shelters.geojson", mapping=mapping))
    again = do(shared_town, order("shelters", "shelters.geojson", mapping=mapping))
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 3)
    other = {"code": "GID", "address": "Name"}
    changed = do(shared_town, order("shelters", "shelters.geojson", mapping=other))
    assert (changed.inserted, changed.updated, changed.unchanged) == (0, 3, 0)


def test_thai_dates_and_repeated_keys_in_an_upsert(shared_town: TownHandle) -> None:
    mapping = {"permit_no": "no", "issued_on": "issued"}
    report = do(shared_town, order("permits", "permits.geojson", mapping=mapping))
    assert (report.read, report.loaded, report.refused) == (4, 2, 2)
    assert "repeated in the file" in report.refusals[0].reason.en
    assert report.refusals[0].rows == (2, 3)
    found = rows(
        shared_town, "SELECT permit_no, kind, issued_on FROM town.permits ORDER BY permit_no"
    )
    assert found == [
        ("1/2567", "building", date(2024, 2, 29)),
        ("3/2567", "hazardous", None),
    ]
    assert "unknown_code" in kinds(report)
    kept = do(shared_town, order("permits", "permits.geojson", mapping=mapping, mode="replace"))
    # what was there and is the same stays as it is
    assert (kept.loaded, kept.refused) == (4, 0)
    assert (kept.inserted, kept.unchanged, kept.deleted) == (2, 2, 0)


def test_a_table_of_points_and_a_derived_band(shared_town: TownHandle) -> None:
    constants = {"verified_by": "เจ้าหน้าที่"}
    asked = order("care_locations", "care.csv", crs="EPSG:4326", constants=constants)
    report = do(shared_town, asked)
    assert (report.read, report.loaded, report.refused) == (3, 2, 1)
    assert "coordinates cannot be read" in report.refusals[0].reason.en
    found = rows(
        shared_town, "SELECT code, adl_score, band, verified_by FROM town.care_locations ORDER BY 1"
    )
    assert found == [("C1", 3, "bedridden", "เจ้าหน้าที่"), ("C2", 11, "homebound", "เจ้าหน้าที่")]


def test_a_zipped_shapefile_with_thai_text(shared_town: TownHandle) -> None:
    mapping = {"name": "NAME_TH", "households_registered": "HOUSEHOLD"}
    report = do(shared_town, order("communities", "communities.zip", mapping=mapping))
    assert report.loaded == 2
    assert rows(shared_town, "SELECT code, name FROM town.communities ORDER BY code") == [
        ("ช1", "ชุมชนท่าน้ำ"),
        ("ช2", "ชุมชนวัดเหนือ"),
    ]


def test_one_layer_of_a_geopackage_and_heights(shared_town: TownHandle) -> None:
    asked = order("water", "two_layers.gpkg", layer_in_file="ponds", mapping={"code": "fid_code"})
    report = do(shared_town, asked)
    assert report.loaded == 2
    assert finding(report, "dropped_z").count == 2
    assert report.files[0].layer_in_file == "ponds"


def test_several_files_are_one_import(shared_town: TownHandle) -> None:
    files = (DATA / "roads.fgb", DATA / "two_layers.gpkg")
    with pytest.raises(RefusedError, match="--layer-in-file"):
        do(shared_town, order("roads", "roads.fgb", files=files))
    asked = order("roads", "roads.fgb", files=(DATA / "roads.fgb", DATA / "roads.fgb"))
    report = do(shared_town, ImportOrder(**(vars(asked) | {"mode": "append"})))
    assert (report.read, report.loaded) == (4, 4)
    assert finding(report, "repeated_row").count == 2
    assert finding(report, "repeated_row").examples[0] == "row 3 = row 1"
    assert len(report.files) == 2


def test_indian_1975_is_pinned_by_code_and_recorded(shared_town: TownHandle) -> None:
    with pytest.raises(RefusedError, match="--datum-operation"):
        do(shared_town, order("facilities", "indian.gpkg"))
    report = do(shared_town, order("facilities", "indian.gpkg", datum_operation="EPSG:1304"))
    assert report.files[0].operation_codes == ("EPSG:1304",)
    ((east, north),) = rows(
        shared_town, "SELECT gis.ST_X(geom), gis.ST_Y(geom) FROM town.facilities"
    )
    assert 524000 - east == pytest.approx(413.1, abs=0.2)
    assert 1685000 - north == pytest.approx(-314.1, abs=0.2)


def test_a_dry_run_does_it_all_and_keeps_nothing(shared_town: TownHandle) -> None:
    before = fingerprint(shared_town)
    report = do(shared_town, parcels_order(dry_run=True))
    assert report.dry_run
    assert report.loaded == 8
    assert report.dataset_id is None
    assert report.children[0].dataset_id is None
    assert fingerprint(shared_town)[-1] == before[-1]
    assert [row[0][0] for row in fingerprint(shared_town)[:-1]] == [
        row[0][0] for row in before[:-1]
    ]


def test_a_constant_the_field_cannot_take_is_wrong_usage(shared_town: TownHandle) -> None:
    asked = order("flood_zones", "boundary.geojson", constants={"code": "Z", "kind": "wet"})
    with pytest.raises(BadRequestError, match="return_period, stage, observed, regulatory"):
        do(shared_town, asked)


def test_row_numbers_can_stand_in_for_a_key(shared_town: TownHandle) -> None:
    asked = order(
        "flood_zones",
        "boundary.geojson",
        mapping={"code": "@row"},
        constants={"kind": "regulatory", "return_period_y": "100"},
    )
    report = do(shared_town, asked)
    assert report.loaded == 1
    assert rows(shared_town, "SELECT code, kind, return_period_y FROM town.flood_zones") == [
        ("1", "regulatory", 100)
    ]


def test_the_change_log_names_the_importer(shared_town: TownHandle, parcels: Report) -> None:
    ((actor, pos),) = rows(
        shared_town,
        "SELECT s.actor, s.pos FROM muang.change_set AS s INNER JOIN muang.dataset AS d"
        " ON d.change_set = s.id WHERE d.id = %s",
        parcels.dataset_id,
    )
    assert actor == "tester"
    assert pos is not None


def test_layers_named_in_orders_exist() -> None:
    assert catalog.get("parcel_uses").natural_key == ("parcel_code", "use")


def test_the_chain_of_operations_is_told_with_parameters_and_versions(parcels: Report) -> None:
    steps = [step.step for step in parcels.chain]
    assert steps == [
        *("read", "straighten", "transform", "flatten", "repair", "as_layer_type", "tidy", "map"),
        *("join", "check", "load"),
    ]
    by_name = {step.step: step.parameters for step in parcels.chain}
    assert by_name["read"]["sha256"] == parcels.files[0].sha256
    assert by_name["transform"]["codes"] == list(parcels.files[0].operation_codes)
    assert by_name["repair"] == {"method": "structure", "most_change": 100.0, "most_share": 0.1}
    assert by_name["load"] == {"mode": "replace"}
    assert {"muang", "gdal", "proj", "epsg", "geos"} <= set(parcels.versions)
    assert parcels.versions["gdal"][0].isdigit()
    root = Path(__file__).parents[2]
    assert f'version = "{parcels.versions["muang"]}"' in (root / "pyproject.toml").read_text()
