"""Archives: what is inside under its right name, what must not be, unpacking by our own names."""

import re
import stat
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from etl.formats import refuse
from etl.reading import letters
from layers.errors import RefusedError

MAX_MEMBERS = 2000
MAX_UNPACKED = 4 * 1024**3
_MAX_RATIO = 500
_SMALL = 32 * 1024**2
_CHUNK = 1024 * 1024
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1
SIDE_FILES = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MAIN_FILES = (
    ".shp",
    ".gpkg",
    ".gdb",
    ".fgb",
    ".parquet",
    ".geojson",
    ".geojsonl",
    ".geojsons",
    ".topojson",
    ".json",
    ".kml",
    ".gml",
    ".dxf",
    ".xlsx",
    ".xls",
    ".ods",
    ".csv",
    ".tsv",
    ".pbf",
    ".osm",
    ".dbf",
)
_ARCHIVES = (".zip", ".kmz", ".7z", ".rar", ".gz", ".tar", ".tgz", ".bz2", ".xz")
_POINTERS = (".vrt",)
_LITTER = re.compile(r"(^|/)(__MACOSX/|\._|\.DS_Store$|Thumbs\.db$)")
_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True)
class Member:
    """One file of an archive under its right name."""

    info: zipfile.ZipInfo
    name: PurePosixPath

    @property
    def suffix(self) -> str:
        """The ending of its name, in small letters."""
        return self.name.suffix.lower()


@dataclass(frozen=True)
class Candidate:
    """Something in an archive that can be read: its name to choose it by, and its files."""

    name: str
    path: PurePosixPath
    suffix: str
    files: tuple[Member, ...]


def open_zip(path: Path) -> tuple[zipfile.ZipFile, list[Member]]:
    """The archive and its files; RefusedError for one that is damaged or means harm."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise _damaged(path) from error
    try:
        infos = archive.infolist()
        if len(infos) > MAX_MEMBERS:
            raise refuse(path, "มีไฟล์ข้างในมากเกินไป", "it holds too many files")
        found = [Member(info, PurePosixPath(_name(info).replace("\\", "/"))) for info in infos]
        _check(path, found)
    except RefusedError:
        archive.close()
        raise
    return archive, [m for m in found if not m.info.is_dir() and not _LITTER.search(str(m.name))]


def _name(info: zipfile.ZipInfo) -> str:
    """A member's name: without the UTF-8 flag it is in the code page of who packed it."""
    if info.flag_bits & _UTF8_NAMES or info.filename.isascii():
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    if letters.is_utf8(raw):
        return raw.decode("utf-8", errors="replace")
    # names are short: here more likely than not is enough, nothing is loaded by them
    if letters.thai([raw]).confidence >= 0.5:  # noqa: PLR2004
        return raw.decode("cp874", errors="replace")
    return info.filename


def _check(path: Path, members: list[Member]) -> None:
    whole = 0
    for member in members:
        # zipfile itself cuts a name at NUL and turns separators: the raw name is what counts
        for name in (str(member.name), str(member.info.orig_filename)):
            parts = name.replace("\\", "/").split("/")
            if (
                name.startswith(("/", "\\"))
                or _DRIVE.match(name)
                or ".." in parts
                or "\x00" in name
            ):
                raise refuse(
                    path,
                    "ข้างในมีชื่อไฟล์ที่ชี้ออกนอกโฟลเดอร์ จึงไม่แตกไฟล์",
                    "it holds names that lead out of their folder, so it is not unpacked",
                )
        kind = stat.S_IFMT(member.info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refuse(
                path,
                "ข้างในมีลิงก์หรืออุปกรณ์ ไม่ใช่ไฟล์ธรรมดา จึงไม่แตกไฟล์",
                "it holds a link or a device instead of plain files, so it is not unpacked",
            )
        whole += member.info.file_size
        dense = member.info.file_size > _MAX_RATIO * max(1, member.info.compress_size)
        if whole > MAX_UNPACKED or (dense and member.info.file_size > _SMALL):
            raise _too_large(path)


def candidates(path: Path, members: Iterable[Member]) -> list[Candidate]:
    """What can be read, of the first kind there is: several Shapefiles, one GeoPackage."""
    files = list(members)
    for suffix in _MAIN_FILES:
        found = _databases(files) if suffix == ".gdb" else _files(files, suffix)
        if suffix == ".kml" and len(found) > 1:
            # of a KMZ one is the document, the others hang on it
            found = [c for c in found if c.path.name.lower() == "doc.kml"][:1] or found
        if found:
            return _told_apart(found)
    if any(member.suffix in _ARCHIVES for member in files):
        raise refuse(
            path,
            "มีไฟล์บีบอัดซ้อนอยู่ข้างใน โปรดแตกไฟล์ชั้นนอกก่อน แล้วนำเข้าไฟล์ข้างใน",
            "there is another archive (zip) inside it; unpack the outer one and import what is "
            "in it",
        )
    if any(member.suffix in _POINTERS for member in files):
        raise refuse(
            path,
            "ข้างในเป็นไฟล์ VRT ซึ่งชี้ไปยังไฟล์อื่น ไม่รับเพื่อความปลอดภัย",
            "inside it is a VRT, a pointer to other files, and never accepted for safety",
        )
    raise refuse(path, "ไม่มีไฟล์แผนที่ข้างใน", "there is no map file inside it")


def _files(files: list[Member], suffix: str) -> list[Candidate]:
    found = []
    for main in files:
        if main.suffix != suffix:
            continue
        stem = main.name.with_suffix("")
        sides = tuple(
            member
            for member in files
            if suffix in (".shp", ".dbf")
            and member.suffix in SIDE_FILES
            and str(member.name.with_suffix("")).casefold() == str(stem).casefold()
        )
        found.append(Candidate(stem.name, main.name, suffix, sides or (main,)))
    return found


def _databases(files: list[Member]) -> list[Candidate]:
    """Folders called something.gdb, at any depth, with the files right in them."""
    groups: dict[PurePosixPath, list[Member]] = {}
    for member in files:
        if member.name.parent.suffix.lower() == ".gdb":
            groups.setdefault(member.name.parent, []).append(member)
    return [
        Candidate(folder.stem, folder, ".gdb", tuple(inside)) for folder, inside in groups.items()
    ]


def _told_apart(found: list[Candidate]) -> list[Candidate]:
    """Same names in different folders get their folder."""
    names = [candidate.name for candidate in found]
    return [
        candidate
        if names.count(candidate.name) == 1
        else Candidate(
            str(candidate.path.with_suffix("")), candidate.path, candidate.suffix, candidate.files
        )
        for candidate in found
    ]


def choose(path: Path, found: list[Candidate], wanted: str | None) -> Candidate:
    """The candidate named, or the only one."""
    if len(found) == 1:
        return found[0]
    named = [c for c in found if wanted is not None and wanted in (c.name, str(c.path))]
    if len(named) == 1:
        return named[0]
    names = ", ".join(candidate.name for candidate in found[:20])
    raise refuse(
        path,
        f"มีหลายชั้นข้อมูล ({names}) เลือกด้วย --layer-in-file",
        f"it holds several layers ({names}); choose one with --layer-in-file",
    )


def unpack(path: Path, archive: zipfile.ZipFile, chosen: Candidate, folder: Path) -> Path:
    """Write the chosen files into `folder` as `input.…`; a geodatabase as a folder of its own."""
    budget = MAX_UNPACKED
    main = folder / f"input{chosen.suffix}"
    if chosen.suffix == ".gdb":
        main.mkdir()
    for member in chosen.files:
        target = main / member.name.name if main.is_dir() else folder / f"input{member.suffix}"
        if main.is_dir() and not re.fullmatch(r"[\w. -]+", member.name.name, re.ASCII):
            continue
        budget = _copy(path, archive, member.info, target, budget)
    return main


def _copy(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, budget: int
) -> int:
    """Copy one member, counting real bytes: a zip's own sizes can lie. Gives what is left."""
    if info.flag_bits & _ENCRYPTED:
        raise refuse(path, "ไฟล์ zip ใส่รหัสผ่าน", "the zip has a password")
    try:
        with archive.open(info) as source, target.open("wb") as sink:
            while budget >= 0 and (chunk := source.read(_CHUNK)):
                budget -= len(chunk)
                sink.write(chunk)
    except Exception as error:  # zlib, lzma and bz2 each have errors of their own
        raise _damaged(path) from error
    if budget < 0:
        raise _too_large(path)
    return budget


def _damaged(path: Path) -> RefusedError:
    return refuse(path, "ไฟล์ zip เสีย หรือใส่รหัสผ่าน", "the zip is damaged or has a password")


def _too_large(path: Path) -> RefusedError:
    return refuse(path, "ข้างในใหญ่เกินไป", "what is inside is too large")
