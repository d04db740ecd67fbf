"""Files that mean harm: a sentence, nothing touched, nobody called, however they are dressed."""

import os
import shutil
import socket
import sqlite3
import stat
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from etl import reader
from etl.look import look
from etl.read import Limits, environment, read
from etl.unpack import locate
from layers.errors import RefusedError
from tests.etl import made

LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_seconds=20, wall_seconds=60)
BILLION = (
    '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource>'


def refusal(path: Path) -> str:
    """The English sentence a look ends with; what lies beside the file must not have changed."""
    before = {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()}
    with pytest.raises(RefusedError) as refused:
        look(path, limits=LIMITS)
    assert {p: p.read_bytes() for p in path.parent.rglob("*") if p.is_file()} == before
    assert refused.value.detail.th
    return refused.value.detail.en


def archive(path: Path, *members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made_:
        for name, data in members:
            made_.writestr(name, data)
    return path


@pytest.mark.parametrize("prologue", [BILLION, OUTSIDE])
@pytest.mark.parametrize("root", ["kml", "osm", "gml"])
def test_a_document_type_is_refused_in_every_xml(tmp_path: Path, prologue: str, root: str) -> None:
    body = {
        "kml": "<kml><Document><Placemark><name>&a;</name></Placemark></Document></kml>",
        "osm": '<osm version="0.6"><node id="1" lat="1" lon="1"/></osm>',
        "gml": '<a:FeatureCollection xmlns:a="http://www.opengis.net/gml">&a;</a:FeatureCollection>',
    }[root]
    path = tmp_path / f"x.{root}"
    path.write_text(prologue + body, encoding="utf-8")
    assert "document type (DTD)" in refusal(path)


def test_a_document_type_in_utf16_and_after_a_long_comment(tmp_path: Path) -> None:
    """What no search through the first bytes sees, the parser does."""
    body = "<kml><Placemark><name>&a;</name></Placemark></kml>"
    late = f'<?xml version="1.0"?><!--{"x" * 200_000}-->' + BILLION[21:] + body
    path = tmp_path / "late.kml"
    path.write_text(late, encoding="utf-8")
    assert "DTD" in refusal(path) or "XML or HTML" in refusal(path)
    path.write_bytes((BILLION.replace("?>", ' encoding="UTF-16"?>', 1) + body).encode("utf-16"))
    assert "DTD" in refusal(path)


def test_a_document_type_inside_an_office_table_and_a_kmz(tmp_path: Path) -> None:
    whole = made.temples_xlsx(tmp_path / "a.xlsx")
    evil = tmp_path / "evil.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(evil, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if "sheet1" in name:
                data = data.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY a "b">]>', 1)
            target.writestr(name, data)
    assert "DTD" in refusal(evil)
    kmz = archive(tmp_path / "a.kmz", ("doc.kml", (BILLION + "<kml/>").encode()))
    assert "DTD" in refusal(kmz)


@pytest.mark.parametrize("name", ["x.geojson", "x.kml", "x.gml", "x.shp", "x.csv.json", "x.gpkg"])
def test_a_vrt_under_another_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(VRT, encoding="utf-8")
    assert "VRT" in refusal(path)
    inside = archive(tmp_path / "z.zip", (name, VRT.encode()))
    assert "VRT" in refusal(inside) or "no map file" in refusal(inside)
    assert "VRT" in refusal(archive(tmp_path / "v.zip", ("a.vrt", VRT.encode())))


@pytest.mark.parametrize(
    "name",
    ["../up.geojson", "/etc/up.geojson", "a/../../up.geojson", "C:\\up.geojson", "..\\u.json"],
)
def test_names_that_lead_out_of_an_archive(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "p.zip", (name, made.geojson(tmp_path / "g").read_bytes()))
    assert "lead out of their folder" in refusal(path)


def test_links_in_an_archive_and_in_a_geodatabase(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.geojson")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "link or a device" in refusal(archive(tmp_path / "l.zip", (link, b"/etc/passwd")))
    folder = tmp_path / "x.gdb"
    folder.mkdir()
    (folder / "a00000001.gdbtable").symlink_to("/etc/passwd")
    assert "links or folders" in refusal(folder)


def test_archives_that_grow_nest_and_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dense = archive(tmp_path / "d.zip", ("a.geojson", b"\x20" * 40_000_000))
    assert "too large" in refusal(dense)
    whole = made.geojson(tmp_path / "w.geojson").read_bytes()
    inner = archive(tmp_path / "i.zip", ("a.geojson", whole)).read_bytes()
    assert "another archive (zip)" in refusal(archive(tmp_path / "n.zip", ("i.zip", inner)))
    monkeypatch.setattr("etl.zips.MAX_MEMBERS", 10)
    many = archive(tmp_path / "m.zip", *((f"{n}.txt", b"") for n in range(20)))
    assert "too many files" in refusal(many)


def test_an_archive_that_lies_about_a_size(tmp_path: Path) -> None:
    path = archive(tmp_path / "lie.zip", ("a.geojson", b"\x20" * 3_000_000))
    data = path.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 30))
    path.write_bytes(data)
    assert "refused" in refusal(path)


def _gpkg(path: Path, *statements: str) -> Path:
    made.vector(path, "GPKG")
    with sqlite3.connect(path) as base:
        for statement in statements:
            base.execute(statement)
    base.close()
    return path


def test_views_and_triggers_of_a_geopackage(tmp_path: Path) -> None:
    listed = (
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
        "VALUES ('evil', 'attributes', 'evil')"
    )
    for number, query in enumerate(
        (
            "SELECT 1 AS fid, load_extension('/tmp/x.so') AS a",
            "SELECT 1 AS fid, ogr_geocode('x') AS a",
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS fid FROM n",
        )
    ):
        path = _gpkg(tmp_path / f"v{number}.gpkg", f"CREATE VIEW evil AS {query}", listed)
        assert "reaches outside the file or never ends" in refusal(path)
    quiet = _gpkg(
        tmp_path / "t.gpkg",
        "CREATE TRIGGER evil AFTER INSERT ON t BEGIN DELETE FROM t; END",
    )
    before = quiet.read_bytes()
    assert look(quiet, limits=LIMITS).layers[0].read == 3
    assert quiet.read_bytes() == before


def _number(path: Path, at: int, data: bytes) -> Path:
    whole = bytearray(path.read_bytes())
    whole[at : at + len(data)] = data
    path.write_bytes(whole)
    return path


def test_absurd_counts_in_headers(tmp_path: Path) -> None:
    shp = made.shapefile(tmp_path)
    _number(shp.with_suffix(".dbf"), 4, b"\xff\xff\xff\x7f")
    assert "cut off" in refusal(shp)
    other = made.shapefile(tmp_path, stem="other")
    _number(other, 24, b"\x7f\xff\xff\xff")
    assert "cut off" in refusal(other)
    fewer = made.shapefile(tmp_path, stem="fewer")
    _number(fewer.with_suffix(".dbf"), 4, b"\x02\x00\x00\x00")
    assert "3 shapes but its .dbf 2 rows" in refusal(fewer)
    for count in (2, 4, 2**62):
        fgb = made.vector(tmp_path / f"{count}.fgb", "FlatGeobuf")
        _number(fgb, fgb.read_bytes().index(struct.pack("<Q", 3)), struct.pack("<Q", count))
        assert "cannot be read as FlatGeobuf" in refusal(fgb) or "no layer" in refusal(fgb)
    parquet = made.parquet(tmp_path / "a.parquet")
    _number(parquet, parquet.stat().st_size - 8, b"\xff\xff\xff\x7f")
    assert "refused" in refusal(parquet)


@pytest.mark.parametrize("sign", ["[", '{"a":'])
def test_endless_nesting_and_endless_lines(tmp_path: Path, sign: str) -> None:
    path = tmp_path / "deep.geojson"
    start = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":null,"properties":'
    )
    path.write_text(start + '{"x":' + sign * 300_000, encoding="ascii")
    assert "refused" in refusal(path)
    deep = tmp_path / "deep.kml"
    deep.write_text("<kml>" + "<Folder>" * 100_000, encoding="ascii")
    assert "nested too deep" in refusal(deep)
    line = tmp_path / "long.csv"
    with line.open("w", encoding="ascii") as sink:
        for _ in range(20):
            sink.write("x" * 1_000_000)
    assert "endless length" in refusal(line)


_CALLS: tuple[tuple[str, str], ...] = (
    ("a socket", "__import__('socket').socket()"),
    ("a program", "__import__('os').execv('/bin/true', ['true'])"),
    ("a file elsewhere", "open(__import__('sys').argv[1] + '/x', 'w')"),
    ("a removal elsewhere", "__import__('os').unlink(__import__('sys').argv[1] + '/kept')"),
)


@pytest.mark.parametrize("user", ["as it is", "nobody"])
@pytest.mark.parametrize(("what", "call"), _CALLS, ids=[what for what, _call in _CALLS])
def test_the_walls_hold_whoever_runs_it(tmp_path: Path, user: str, what: str, call: str) -> None:
    """Each is tried from inside a process behind the same walls, by root and by nobody."""
    if user == "nobody" and os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    scratch, elsewhere = tmp_path / "scratch", tmp_path / "elsewhere"
    for folder in (scratch, elsewhere):
        folder.mkdir()
        folder.chmod(0o777)
    (elsewhere / "kept").write_text("kept", encoding="ascii")
    for above in tmp_path.parents:
        if above.stat().st_uid == os.geteuid() and user == "nobody" and len(above.parts) > 2:
            above.chmod(above.stat().st_mode | 0o011)
    tmp_path.chmod(0o755)
    program = f"""
import os, sys, socket
sys.path.insert(0, {str(Path(reader.__file__).parents[1])!r})
from etl.reading import walls
if {user == "nobody"}:
    os.setgid(65534); os.setuid(65534)
up = walls.raise_walls({{"memory_bytes": 2**31, "cpu_seconds": 20, "file_bytes": 2**20,
                        "folder": {str(scratch)!r}, "parent": os.getppid()}})
print(up)
open({str(scratch)!r} + "/mine", "w").write("mine")
try:
    {call}
except PermissionError:
    print("denied")
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(elsewhere)], capture_output=True, text=True, check=False
    )
    if "'writes': False" in done.stdout and "elsewhere" in what:
        pytest.skip("this kernel has no Landlock")
    assert done.stdout.endswith("denied\n"), done
    assert (elsewhere / "kept").exists()


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_a_reader_ends_when_its_import_is_killed(tmp_path: Path, user: str) -> None:
    """Nobody waits for its answer any more; it would go on for minutes in a huge file."""
    if user == "nobody" and os.geteuid() != 0:
        pytest.skip("only root can become nobody")
    tmp_path.chmod(0o777)
    for above in tmp_path.parents:
        if above.stat().st_uid == os.geteuid() and user == "nobody" and len(above.parts) > 2:
            above.chmod(above.stat().st_mode | 0o011)
    child = f"""
import os, sys, time
sys.path.insert(0, {str(Path(reader.__file__).parents[1])!r})
from etl.reading import walls
if {user == "nobody"}:
    os.setgid(65534); os.setuid(65534)
walls.raise_walls({{"memory_bytes": 2**31, "cpu_seconds": 60, "file_bytes": 2**20,
                   "folder": {str(tmp_path)!r}, "parent": os.getppid()}})
print("reading", flush=True)
time.sleep(20)
print("still reading", flush=True)
"""
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True
    ) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "reading\n"
        killed.kill()
        # its end closes the pipe
        assert killed.stdout.read() == ""


def test_nobody_is_called_while_files_that_point_elsewhere_are_read(tmp_path: Path) -> None:
    """A server that listens hears nothing, whatever the file asks for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        home = f"http://127.0.0.1:{server.getsockname()[1]}"
        gml = made.vector(tmp_path / "a.gml", "GML")
        gml.with_suffix(".xsd").unlink()
        text = gml.read_text(encoding="utf-8").replace("a.xsd", f"{home}/a.xsd")
        gml.write_text(text, encoding="utf-8")
        link = f"<NetworkLink><Link><href>{home}/b.kml</href></Link></NetworkLink>"
        kml = made.kml(tmp_path / "b.kml", link + made.placemark("a", "1,1"))
        pointer = tmp_path / "c.geojson"
        pointer.write_text(VRT.replace("/etc/passwd", f"/vsicurl/{home}/c.json"), encoding="utf-8")
        for path in (gml, kml):
            assert look(path, limits=LIMITS).layers[0].read > 0
        source = locate(made.geojson(tmp_path / "d.geojson"), tmp_path)
        (tmp_path / "input" / "input.geojson").unlink()
        shutil.copy(pointer, tmp_path / "input" / "input.geojson")
        with pytest.raises(RefusedError, match="cannot be read as GeoJSON"):
            read(source, tmp_path, limits=LIMITS)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_projection_nobody_knows_is_no_reason_to_fall(tmp_path: Path) -> None:
    path = made.shapefile(tmp_path)
    path.with_suffix(".prj").write_text(
        'PROJCS["Unknown",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137,'
        '298.257223563]],PRIMEM["Greenwich",0],UNIT["Degree",0.017453292519943295]],'
        'PROJECTION["Unknown Projection"],UNIT["Meter",1]]',
        encoding="ascii",
    )
    layer = look(path, limits=LIMITS).layers[0]
    assert layer.read == 3
    assert layer.bounds_lonlat is None


def test_limits_of_time_memory_and_size_end_in_a_sentence(tmp_path: Path) -> None:
    path = made.vector(tmp_path / "a.gpkg", "GPKG")
    for limits, words in (
        (Limits(wall_seconds=0), "takes too long"),
        (Limits(memory_bytes=48 * 1024**2), r"reader stopped|more memory"),
        (Limits(file_bytes=64), r"damaged|reader stopped|more memory"),
    ):
        source = locate(path, tmp_path)
        with pytest.raises(RefusedError, match=words):
            read(source, tmp_path, limits=limits)


@pytest.mark.parametrize("make", [made.geotiff, made.dxf])
def test_the_environment_holds_no_secret_and_no_network(
    tmp_path: Path, make: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUANG_SECRET", "do not tell")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    told = environment(None, make(tmp_path / "x").parent)
    assert not {"MUANG_SECRET", "http_proxy"} & set(told)
    assert told["PROJ_NETWORK"] == "OFF"
    assert told["GML_DOWNLOAD_SCHEMA"] == "NO"
