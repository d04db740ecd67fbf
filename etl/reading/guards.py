"""Looks at a file before any big library opens it: what is promised, what points elsewhere."""

import re
import sqlite3
import xml.parsers.expat
from pathlib import Path

from etl.reading.trouble import Trouble

_SHP_HEAD = 100
_XML_READ = 64 * 1024
_XML_DEPTH = 200
_OUTSIDE = re.compile(
    r"\b(load_extension|readfile|writefile|edit|fts3_tokenizer|attach|"
    r"(ogr|gdal|cg|blobfrom|importshp|importxls|importdbf|exportshp)\w*_?\w*\s*\()",
    re.IGNORECASE,
)
_ENDLESS = re.compile(r"\bwith\s+recursive\b", re.IGNORECASE)


def xml_prologue(path: Path) -> None:
    """Refuse a document type definition: entities and external files come only with one.

    The parser itself reads the prologue, in whatever encoding it is; nothing is expanded or
    fetched. After the first element no definition can follow.
    """
    parser = xml.parsers.expat.ParserCreate()
    started = False

    def definition(*_words: object) -> None:
        raise Trouble("dtd")

    def element(*_words: object) -> None:
        nonlocal started
        started = True

    parser.StartDoctypeDeclHandler = definition
    parser.StartElementHandler = element
    with path.open("rb") as handle:
        try:
            while not started and (block := handle.read(_XML_READ)):
                parser.Parse(block, False)
        except xml.parsers.expat.ExpatError as error:
            if not started:
                raise Trouble("damaged", message=str(error)) from error


def xml_depth(path: Path) -> None:
    """Refuse elements nested so deep that only harm can be meant; broken XML as well."""
    parser = xml.parsers.expat.ParserCreate()
    depth = 0

    def down(*_words: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _XML_DEPTH:
            raise Trouble("nested")

    def up(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = down
    parser.EndElementHandler = up
    with path.open("rb") as handle:
        try:
            while block := handle.read(_XML_READ):
                parser.Parse(block, False)
            parser.Parse(b"", True)
        except xml.parsers.expat.ExpatError as error:
            raise Trouble("damaged", message=str(error)) from error


def shapefile(path: Path) -> int | None:
    """Shapes a .shp promises by its .shx; Trouble when either is shorter than its header says."""
    for part in (path, path.with_suffix(".shx")):
        if not part.exists():
            continue
        with part.open("rb") as handle:
            head = handle.read(_SHP_HEAD)
        if len(head) < _SHP_HEAD:
            raise Trouble("cut_off", part=part.suffix)
        promised, there = 2 * int.from_bytes(head[24:28], "big"), part.stat().st_size
        if promised > there:
            raise Trouble("cut_off", part=part.suffix, promised=promised, there=there)
    index = path.with_suffix(".shx")
    return (index.stat().st_size - _SHP_HEAD) // 8 if index.exists() else None


def geopackage(path: Path) -> dict[str, int]:
    """Rows of each table of a GeoPackage, by SQLite itself; Trouble for views that reach outside.

    The database is opened as immutable and nothing of it is trusted.
    """
    try:
        base = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise Trouble("unreadable", message=str(error)) from error
    try:
        base.execute("PRAGMA trusted_schema = OFF")
        base.execute("PRAGMA cell_size_check = ON")
        master = base.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        views = [(str(name), str(sql or "")) for kind, name, sql in master if kind == "view"]
        for name, sql in views:
            if _OUTSIDE.search(sql) or _ENDLESS.search(sql):
                raise Trouble("view", name=name)
        tables = [str(name) for kind, name, _sql in master if kind == "table"]
        listed = [str(row[0]) for row in base.execute("SELECT table_name FROM gpkg_contents")]
        counts = {}
        for name in listed:
            if name in tables:
                quoted = name.replace('"', '""')
                # counting reads every page of the table: one that is damaged shows here
                counts[name] = int(base.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()[0])  # noqa: S608
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise Trouble("damaged", message=str(error)) from error
    finally:
        base.close()
    return counts
