"""`/exports`: every format, who gets what, and what a file says of itself."""

import asyncio
import csv
import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from pyproj import CRS

from api import export_desk
from api.export_desk import MOST, MOST_OF_ONE, ExportDesk
from api.exports import export
from exports.formats import FORMATS
from layers.catalog import LAYERS
from layers.errors import TooManyRequestsError, UnavailableError
from layers.model import Role
from layers.privacy import may_see, visible_fields
from tests.api.caller import NOBODY, Caller
from tests.api.test_problems import listening
from tests.api.test_security_log import told
from tests.tiny import ORIGIN, tiny

THAI = "%E0%B9%81%E0%B8%9B%E0%B8%A5%E0%B8%87%E0%B8%97%E0%B8%B5%E0%B9%88%E0%B8%94%E0%B8%B4%E0%B8%99"
"""แปลงที่ดิน, percent-encoded."""
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def got(caller: Caller, path: str, token: str | None = None, **options: Any) -> httpx.Response:
    answer = caller.get(f"/exports/{path}", token, **options)
    assert answer.status_code == 200, answer.text
    return answer


def features(caller: Caller, path: str, token: str | None = None) -> list[dict[str, Any]]:
    answer = got(caller, path, token).json()
    assert answer["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = answer["features"]
    return found


def kept(answer: httpx.Response, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(answer.content)
    return path


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_holds_the_layer(caller: Caller, tmp_path: Path, suffix: str) -> None:
    answer = got(caller, f"parcels.{suffix}")
    assert answer.headers["content-type"] == FORMATS[suffix].media_type
    named = f"attachment; filename=\"parcels.{suffix}\"; filename*=UTF-8''{THAI}.{suffix}"
    assert answer.headers["content-disposition"] == named
    assert int(answer.headers["muang-position"]) > 0
    path = kept(answer, tmp_path, f"parcels.{suffix}")
    if suffix == "parquet":
        rows = pq.read_table(path).num_rows
    elif suffix == "geojsonl":
        rows = len(answer.content.splitlines())
    else:
        inner = f"/vsizip/{path}/parcels.shp" if suffix == "shp.zip" else path
        rows = len(pyogrio.read_dataframe(inner, layer=0))
    assert rows == len(tiny()["parcels"])


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if layer.geometry is None])
@pytest.mark.parametrize("suffix", FORMATS)
def test_plain_tables_have_every_format_too(caller: Caller, layer: Any, suffix: str) -> None:
    assert got(caller, f"{layer.id}.{suffix}").content


def test_a_role_gets_the_rows_and_fields_of_items(caller: Caller, tokens: dict[Role, str]) -> None:
    for role in (Role.PUBLIC, Role.STAFF, Role.ADMIN):
        token = NOBODY if role is Role.PUBLIC else tokens[role]
        for layer in LAYERS:
            path = f"/ogc/collections/{layer.id}/items?limit=1000"
            if not may_see(layer, role):
                assert caller.get(f"/exports/{layer.id}.csv", token).status_code == 404
                continue
            page = caller.get(path, token).json()["features"]
            found = features(caller, f"{layer.id}.geojson", token)
            assert [one["id"] for one in found] == [one["id"] for one in page]
            for one, other in zip(found, page, strict=True):
                assert one["properties"] == other["properties"]
            header = next(csv.reader(io.StringIO(got(caller, f"{layer.id}.csv", token).text)))
            names = {field.name for field in visible_fields(layer, role)}
            assert set(header) - {"wkt"} == names


def test_filters_are_those_of_items(caller: Caller) -> None:
    box = "105.2200,15.2400,105.2235,15.2420"
    queries = (
        "use=residential",
        "filter=code%20LIKE%20'01A00%25'",
        f"bbox={box}",
        f"bbox={ORIGIN[0]},{ORIGIN[1]},{ORIGIN[0] + 150},{ORIGIN[1] + 150}&bbox-crs={EPSG}32648",
        "as_of=2199-01-01T00:00:00Z",
        "as_of=1999-01-01T00:00:00Z",
        "datetime=2020-01-01/2020-02-01",
        "filter=S_INTERSECTS(geometry,BBOX(105.22,15.24,105.2235,15.242))",
    )
    for query in queries:
        page = caller.get(f"/ogc/collections/parcels/items?limit=1000&{query}").json()["features"]
        found = features(caller, f"parcels.geojson?{query}")
        assert [one["id"] for one in found] == [one["id"] for one in page], query
    assert 0 < len(features(caller, f"parcels.geojson?{queries[0]}")) < 100
    (first, *_) = features(caller, "parcels.geojson?properties=code,use")
    assert set(first["properties"]) == {"code", "use"}
    bare = features(caller, "parcels.geojson?skipGeometry=true")
    assert {one["geometry"] for one in bare} == {None}
    assert "wkt" not in got(caller, "parcels.csv?skipGeometry=true").text.splitlines()[0]


def test_what_does_not_exist_is_refused(caller: Caller) -> None:
    for path, status in (
        ("parcels.doc", 404),
        ("parcels.zip", 404),
        ("nothing.csv", 404),
        ("parcels", 404),
        ("parcels.csv?limit=10", 400),
        ("parcels.csv?offset=10", 400),
        ("parcels.csv?nothing=1", 400),
        ("parcels.csv?use=a&use=b", 400),
        ("parcels.csv?bom=perhaps", 400),
        (f"parcels.csv?crs={EPSG}9999", 400),
        ("parcels.csv?filter=((", 400),
        ("parcels.csv?properties=zzz", 400),
        ("parcels.csv?as_of=yesterday", 400),
    ):
        answer = caller.get(f"/exports/{path}", headers={"Accept-Language": "en"})
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"
    known = caller.get("/exports/parcels.doc?lang=en").json()["detail"]
    assert all(suffix in known for suffix in FORMATS)


def test_the_crs_is_the_one_asked_for(caller: Caller, tmp_path: Path) -> None:
    shapes = {row["code"]: row["geom"] for row in tiny()["parcels"]}
    plain = got(caller, "parcels.geojson")
    assert plain.headers["content-crs"] == f"<{CRS84}>"
    assert "crs" not in plain.json(), "RFC 7946: longitude and latitude need no word"
    assert abs(shapely.geometry.shape(plain.json()["features"][0]["geometry"]).bounds[0]) < 180
    town = got(caller, f"parcels.geojson?crs={EPSG}32648")
    assert town.json()["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::32648"
    for one in town.json()["features"]:
        shape = shapely.geometry.shape(one["geometry"])
        assert shape.equals_exact(shapes[one["properties"]["code"]])
    # files hold longitude first, whatever the CRS says of its axes
    assert (
        got(caller, f"parcels.geojson?crs={EPSG}4326").json()["features"]
        == (plain.json()["features"])
    )
    path = kept(got(caller, "parcels.gpkg"), tmp_path, "a.gpkg")
    assert CRS(pyogrio.read_info(path)["crs"]) == CRS(32648)
    for code, shape in pyogrio.read_dataframe(path)[["code", "geometry"]].to_numpy():
        assert shape.equals_exact(shapes[code])
    path = kept(got(caller, f"parcels.gpkg?crs={EPSG}3857"), tmp_path, "b.gpkg")
    assert CRS(pyogrio.read_info(path)["crs"]) == CRS(3857)


def test_a_geopackage_tells_its_provenance(caller: Caller, tmp_path: Path) -> None:
    path = kept(got(caller, "parcels.gpkg"), tmp_path, "a.gpkg")
    with closing(sqlite3.connect(path)) as made:
        ((xml,),) = made.execute(
            "SELECT m.metadata FROM gpkg_metadata AS m"
            " INNER JOIN gpkg_metadata_reference AS r ON r.md_file_id = m.id"
            " WHERE m.md_standard_uri LIKE '%isotc211%' AND r.table_name = 'parcels'"
        ).fetchall()
        assert "แปลงที่ดิน" in xml
        titles = dict(made.execute("SELECT column_name, name FROM gpkg_data_columns").fetchall())
        assert titles["use"] == "การใช้ประโยชน์"
        ((check,),) = made.execute("PRAGMA integrity_check").fetchall()
        assert check == "ok"
    info = pyogrio.read_info(path)
    said = json.loads(info["layer_metadata"]["provenance"])
    assert said["layer"] == "parcels"
    assert said["synthetic"] is True
    assert info["fid_column"] == "id"


def test_geoparquet_is_what_its_specification_says(caller: Caller, tmp_path: Path) -> None:
    path = kept(got(caller, "parcels.parquet"), tmp_path, "a.parquet")
    file = pq.ParquetFile(path)
    told = file.metadata.metadata
    geo = json.loads(told[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"][geo["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["geometry_types"] == ["MultiPolygon"]
    assert CRS.from_json_dict(column["crs"]) == CRS(32648)
    table = file.read()
    shapes = shapely.from_wkb(table.column("geom").to_pylist())
    assert column["bbox"] == list(shapely.total_bounds(shapes))
    boxes = table.column("bbox").to_pylist()
    edges = ("xmin", "ymin", "xmax", "ymax")
    assert [tuple(box[edge] for edge in edges) for box in boxes] == [s.bounds for s in shapes]
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert json.loads(told[b"provenance"])["title"]["th"] == "แปลงที่ดิน"
    assert table.schema.field("use").metadata[b"title_th"].decode() == "การใช้ประโยชน์"
    degrees = pq.ParquetFile(
        kept(got(caller, f"parcels.parquet?crs={CRS84}"), tmp_path, "b.parquet")
    )
    geo = json.loads(degrees.metadata.metadata[b"geo"])
    assert geo["columns"]["geom"]["crs"]["id"] == {"authority": "OGC", "code": "CRS84"}


def test_geojson_and_flatgeobuf_tell_it_too(caller: Caller, tmp_path: Path) -> None:
    said = got(caller, "parcels.geojson?use=residential").json()["provenance"]
    assert said["title"] == {"th": "แปลงที่ดิน", "en": "Parcels"}
    assert said["selection"] == {"use": "residential"}
    assert said["version"] <= said["position"]
    path = kept(got(caller, "parcels.fgb"), tmp_path, "a.fgb")
    metadata = pyogrio.read_info(path)["layer_metadata"]
    assert json.loads(metadata["provenance"])["crs"] == "EPSG:32648"
    assert metadata["TITLE"] == "แปลงที่ดิน"


def test_a_shapefile_is_whole_and_says_what_it_cut(caller: Caller, tmp_path: Path) -> None:
    path = kept(got(caller, "care_locations.shp.zip"), tmp_path, "a.shp.zip")
    with zipfile.ZipFile(path) as made:
        assert made.testzip() is None
        inside = set(made.namelist())
        assert {f"care_locations.{x}" for x in ("shp", "shx", "dbf", "prj", "cpg")} <= inside
        assert made.read("care_locations.cpg").decode().strip() == "UTF-8"
        names = list(
            csv.DictReader(io.StringIO(made.read("care_locations-fields.csv").decode("utf-8-sig")))
        )
        said = json.loads(made.read("care_locations-metadata.json"))
    assert said["texts_cut_to_254_bytes"] == 0
    by_field = {row["field"]: row["name_in_file"] for row in names}
    assert by_field["person_name"] == "person_nam"
    assert len(set(by_field.values())) == len(by_field)
    frame = pyogrio.read_dataframe(f"/vsizip/{path}/care_locations.shp")
    assert frame["person_nam"][0] == tiny()["care_locations"][0]["person_name"]


def test_csv_for_spreadsheets_and_for_machines(caller: Caller) -> None:
    plain = got(caller, "care_locations.csv")
    assert not plain.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(plain.text)))
    assert rows[0]["needs"] == '["oxygen"]'
    assert rows[1]["needs"] == "[]"
    assert rows[0]["wkt"].startswith("POINT(")
    assert "ยายทดสอบ <b>0</b> 'อ้างอิง'" in plain.text
    assert rows[0]["last_verified_on"] == "2026-11-01"
    marked = got(caller, "care_locations.csv?bom=true")
    assert marked.content == b"\xef\xbb\xbf" + plain.content


def test_a_workbook_has_titles_and_a_sheet_about_itself(caller: Caller, tmp_path: Path) -> None:
    for lang, title in (("th", "การใช้ประโยชน์"), ("en", "Use")):
        path = kept(got(caller, f"parcels.xlsx?lang={lang}"), tmp_path, f"{lang}.xlsx")
        first, about = (str(name) for name, _ in pyogrio.list_layers(path))
        frame = pyogrio.read_dataframe(path, layer=first)
        assert title in frame.columns
        assert frame.iloc[0][title] == "residential"
        told_of = "\n".join(map(str, pyogrio.read_dataframe(path, layer=about).to_numpy()))
        assert "area_deed_m2" in told_of
        assert "แปลงที่ดิน" in told_of


def test_head_tells_what_get_does_and_writes_no_file(caller: Caller) -> None:
    for suffix in ("csv", "gpkg"):
        head = caller.ask("HEAD", f"/exports/parcels.{suffix}")
        whole = got(caller, f"parcels.{suffix}")
        assert head.status_code == 200
        assert head.content == b""
        assert dict(head.headers) == dict(whole.headers)


def test_an_answer_that_has_not_changed_is_not_sent_again(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    first = got(caller, "parcels.csv", NOBODY)
    assert first.headers["cache-control"] == "no-cache"
    held = {"If-None-Match": first.headers["etag"]}
    again = caller.get("/exports/parcels.csv", NOBODY, headers=held)
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    for path, token in (
        ("parcels.csv", tokens[Role.STAFF]),
        ("parcels.csv?use=residential", NOBODY),
        ("parcels.geojson", NOBODY),
    ):
        assert got(caller, path, token, headers=held).headers["etag"] != first.headers["etag"]
    private = got(caller, "parcels.csv", tokens[Role.STAFF])
    assert private.headers["cache-control"] == "private, no-store"
    asked = got(caller, "roads.csv?lang=en", tokens[Role.STAFF])
    assert "Authorization" in asked.headers["vary"]


def test_text_is_packed_on_the_way_and_files_are_not(caller: Caller) -> None:
    async def raw(path: str) -> tuple[httpx.Headers, bytes]:
        transport = httpx.ASGITransport(app=caller.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as own:
            headers = {"Accept-Encoding": "gzip", "Authorization": f"Bearer {caller.token}"}
            async with own.stream("GET", path, headers=headers) as answer:
                return answer.headers, b"".join([part async for part in answer.aiter_raw()])

    headers, packed = caller.run(raw("/exports/parcels.csv"))
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == got(caller, "parcels.csv").content
    headers, _ = caller.run(raw("/exports/parcels.parquet"))
    assert "content-encoding" not in headers


def test_exports_about_persons_are_on_record(caller: Caller, tokens: dict[Role, str]) -> None:
    with listening() as lines:
        got(caller, "parcels.csv", NOBODY)
        got(caller, "roads.csv", tokens[Role.ADMIN])
        got(caller, "parcels.csv", tokens[Role.ADMIN])
        got(caller, "care_locations.geojson?kind=home", tokens[Role.ADMIN])
        got(caller, "parcels.csv?properties=code", tokens[Role.ADMIN])
    found = told(lines)
    assert [(line["event"], line["about"]) for line in found] == [
        ("export of personal data", "parcels.csv"),
        ("export of personal data", "care_locations.geojson"),
    ]
    assert all(line["subject"] for line in found)


def test_collections_lead_to_their_files(caller: Caller) -> None:
    links = caller.get("/ogc/collections/parcels").json()["links"]
    files = [link for link in links if link["rel"] == "enclosure"]
    assert [link["type"] for link in files] == [kind.media_type for kind in FORMATS.values()]
    for link in files:
        assert caller.ask("HEAD", link["href"].partition(":8000")[2]).status_code == 200


def test_places_are_few_and_given_back() -> None:
    desk = ExportDesk()
    with desk.place("a"), desk.place("a"):
        assert MOST_OF_ONE == 2
        with pytest.raises(TooManyRequestsError) as refused, desk.place("a"):
            pass
        assert refused.value.facts["seconds"]
        with desk.place("b"), desk.place("c"):
            assert MOST == 4
            with pytest.raises(UnavailableError), desk.place("d"):
                pass
        with desk.place("d"):
            pass
    with desk.place("a"):
        pass


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of the one that writes exports."""
    path = tmp_path / "program.py"
    monkeypatch.setattr(export_desk, "_WORKER", str(path))
    return path


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("import sys; sys.exit(1)", 503),
        ('print(\'{"trouble": "57014"}\')', 503),
        ('print(\'{"trouble": "42501"}\')', 403),
        ('print(\'{"trouble": "22P02"}\')', 400),
        ('print(\'{"trouble": "08006"}\')', 503),
        ('print(\'{"trouble": "ZZ999"}\')', 503),
    ],
)
def test_what_goes_wrong_before_the_first_byte_is_a_problem(
    caller: Caller, script: Path, said: str, status: int
) -> None:
    script.write_text(said, encoding="utf-8")
    answer = caller.get("/exports/parcels.csv")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "content-disposition" not in answer.headers


_BEGUN = """
import json, sys, time
sys.stdin.read()
told = {"position": 1, "at": "", "version": 1, "as_of": None, "source": None}
print(json.dumps(told), flush=True)
print("some rows", flush=True)
"""


def test_a_file_that_breaks_off_is_cut_and_not_closed(caller: Caller, script: Path) -> None:
    script.write_text(_BEGUN + "sys.exit(3)", encoding="utf-8")
    sent = _messages(caller)
    assert sent[0]["status"] == 200
    assert any(message.get("body") for message in sent)
    assert all(message["more_body"] for message in sent[1:]), "an answer that is ended looks whole"


def _messages(caller: Caller) -> list[dict[str, Any]]:
    """What the application sends over plain ASGI."""
    sent: list[dict[str, Any]] = []

    async def asking() -> None:
        async def send(message: Any) -> None:
            sent.append(message)

        first = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            return next(first, None) or await asyncio.Event().wait()

        try:
            await caller.app(_scope(caller), receive, send)
        except Exception:  # noqa: BLE001 - the server cuts the line then
            return

    caller.run(asking())
    return sent


def _scope(caller: Caller) -> dict[str, Any]:
    headers = [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {caller.token}".encode())]
    return {
        "type": "http",
        "method": "GET",
        "path": "/exports/parcels.csv",
        "raw_path": b"/exports/parcels.csv",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "scheme": "http",
    }


def test_a_client_that_leaves_takes_the_work_along(caller: Caller, script: Path) -> None:
    script.write_text(_BEGUN + "time.sleep(600)", encoding="utf-8")

    async def leaving() -> tuple[int, bool]:
        begun, gone = asyncio.Event(), asyncio.Event()

        async def send(message: Any) -> None:
            if message.get("body"):
                begun.set()

        first = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> Any:
            if (message := next(first, None)) is not None:
                return message
            await gone.wait()
            return {"type": "http.disconnect"}

        task = asyncio.create_task(caller.app(_scope(caller), receive, send))
        await asyncio.wait_for(begun.wait(), 20)
        (running,) = caller.app.state.house.exports._running
        gone.set()
        await asyncio.wait([task], timeout=20)
        return len(caller.app.state.house.exports._running), running.ended

    assert caller.run(leaving()) == (0, True)
    with caller.app.state.house.exports.place("anybody"):
        pass


def test_a_process_nothing_starts_from_any_more_is_replaced(caller: Caller) -> None:
    """What exports are forked from is gone: the next one has another; none are left at the end."""
    assert got(caller, "parcels.csv").content
    desk = caller.app.state.house.exports
    first = desk._starter._process
    first.kill()
    first.wait()
    assert got(caller, "parcels.csv").content
    second = desk._starter._process
    assert second.pid != first.pid
    desk.close()
    assert second.returncode is not None


def test_the_description_names_every_format(caller: Caller) -> None:
    told_of = caller.app.openapi()["paths"]["/exports/{layer}.{format}"]["get"]
    types = {kind.media_type.partition(";")[0] for kind in FORMATS.values()}
    assert set(told_of["responses"]["200"]["content"]) == types
    assert export.__doc__
