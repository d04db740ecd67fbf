"""From what a person names to one file on disk that is safe to open: regular, local, unpacked."""

import hashlib
import re
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from etl.formats import Format, sniff
from layers.errors import RefusedError
from layers.text import Text

_MAX_MEMBERS = 2000
_MAX_UNPACKED = 4 * 1024**3
_CHUNK = 1024 * 1024
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_SIDE_FILES = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_MAIN_FILES = (".shp", ".gpkg", ".fgb", ".geojson", ".topojson", ".json", ".csv")


@dataclass(frozen=True)
class Source:
    """One input file: what was named, its checksum, and the file to open (perhaps unpacked).

    `name` and `size` (bytes) are of the file the person named; `member` is its part in a zip.
    """

    path: Path
    opened: Path
    name: str
    sha256: str
    size: int
    format: Format
    member: str | None = None


def locate(path: Path, scratch: Path, *, member: str | None = None) -> Source:
    """Check that `path` is a plain local file, recognise it, unpack it into `scratch` if zipped.

    `member` chooses among several layers of one zip. RefusedError explains every refusal.
    """
    text = str(path)
    # a Path folds the two slashes of an address into one
    if "/vsi" in text.replace("\\", "/") or _ADDRESS.match(text):
        raise RefusedError(
            Text(
                th=f"ไม่รับ “{text}”: อ่านเฉพาะไฟล์ในเครื่องนี้ ไม่อ่านที่อยู่เครือข่ายหรือเส้นทางเสมือน",
                en=f"“{text}” is refused: only files on this machine are read, "
                "no network addresses and no virtual paths.",
            )
        )
    try:
        status = path.stat()
    except OSError as error:
        raise RefusedError(
            Text(
                th=f"ไม่พบไฟล์ “{text}” หรือเปิดไม่ได้ ตรวจชื่อไฟล์อีกครั้ง",
                en=f"The file “{text}” does not exist or cannot be opened. Check the name.",
            )
        ) from error
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError(
            Text(
                th=f"ไม่รับ “{text}”: ไม่ใช่ไฟล์ธรรมดา (เป็นโฟลเดอร์หรืออุปกรณ์)",
                en=f"“{text}” is refused: it is not a regular file but a folder or a device.",
            )
        )
    real = path.resolve()
    found = sniff(real)
    digest, size = checksum(real)
    if not found.zipped:
        return Source(real, real, path.name, digest, size, found.format or Format.CSV)
    opened = _unpack(real, scratch, member)
    inner = sniff(opened[0])
    if inner.format is None:
        raise _refuse_zip(path, "มีไฟล์ zip ซ้อนอยู่ข้างใน", "there is another zip inside it")
    return Source(real, opened[0], path.name, digest, size, inner.format, member=opened[1])


def members(path: Path) -> tuple[str | None, ...]:
    """Names to choose from in a zip that holds several Shapefiles; (None,) for anything else."""
    if not path.is_file() or not zipfile.is_zipfile(path):
        return (None,)
    with zipfile.ZipFile(path) as archive:
        names = [PurePosixPath(info.filename) for info in archive.infolist()]
    shapes = [name.stem for name in names if name.suffix.lower() == ".shp"]
    return tuple(shapes) if len(shapes) > 1 else (None,)


def parts(path: Path) -> tuple[Path, ...]:
    """The files that are one: the named one, and a Shapefile's side files."""
    return (path, *_siblings(path))


def checksum(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes of a file; a Shapefile's side files count as well."""
    digest = hashlib.sha256()
    size = 0
    for part in parts(path):
        with part.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size


def _siblings(path: Path) -> list[Path]:
    if path.suffix.lower() != ".shp":
        return []
    wanted = {suffix for suffix in _SIDE_FILES if suffix != ".shp"}
    return sorted(
        other
        for other in path.parent.iterdir()
        if other.stem == path.stem and other.suffix.lower() in wanted and other.is_file()
    )


def _unpack(path: Path, scratch: Path, member: str | None) -> tuple[Path, str]:
    """Unpack the chosen file and its side files under names of our own; its path and old name."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            chosen = _choose(path, infos, member)
            stem = PurePosixPath(chosen.filename).with_suffix("")
            budget = _MAX_UNPACKED
            for info in infos:
                name = PurePosixPath(info.filename)
                side = name.suffix.lower() in _SIDE_FILES and name.with_suffix("") == stem
                if info is chosen or side:
                    target = scratch / f"unpacked{name.suffix.lower()}"
                    budget = _copy(path, archive, info, target, budget)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise _refuse_zip(
            path, "ไฟล์ zip เสีย หรือใส่รหัสผ่าน", "the zip is damaged or has a password"
        ) from error
    suffix = PurePosixPath(chosen.filename).suffix.lower()
    return scratch / f"unpacked{suffix}", chosen.filename


def _choose(path: Path, infos: list[zipfile.ZipInfo], member: str | None) -> zipfile.ZipInfo:
    if len(infos) > _MAX_MEMBERS:
        raise _refuse_zip(path, "มีไฟล์ข้างในมากเกินไป", "it holds too many files")
    for suffix in _MAIN_FILES:
        mains = [info for info in infos if PurePosixPath(info.filename).suffix.lower() == suffix]
        if member is not None and suffix == ".shp":
            mains = [info for info in mains if PurePosixPath(info.filename).stem == member] or mains
        if len(mains) > 1:
            names = ", ".join(PurePosixPath(info.filename).stem for info in mains[:20])
            raise _refuse_zip(
                path,
                f"มีหลายชั้นข้อมูล ({names}) เลือกด้วย --layer-in-file",
                f"it holds several layers ({names}); choose one with --layer-in-file",
            )
        if mains:
            return mains[0]
    raise _refuse_zip(path, "ไม่มีไฟล์แผนที่ข้างใน", "there is no map file inside it")


def _copy(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, budget: int
) -> int:
    """Copy one member, counting real bytes: a zip's own sizes can lie. Gives what is left."""
    with archive.open(info) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            budget -= len(chunk)
            if budget < 0:
                raise _refuse_zip(path, "ข้างในใหญ่เกินไป", "what is inside is too large")
            sink.write(chunk)
    return budget


def _refuse_zip(path: Path, th: str, en: str) -> RefusedError:
    return RefusedError(
        Text(th=f"ไม่รับไฟล์ “{path.name}”: {th}", en=f"“{path.name}” is refused: {en}.")
    )
