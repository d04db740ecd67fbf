"""From what a person names to one file on disk that is safe to open: regular, local, unpacked."""

import hashlib
import re
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from etl import zips
from etl.formats import Format, refuse
from etl.sniff import sniff
from layers.errors import RefusedError
from layers.text import Text

_CHUNK = 1024 * 1024
NO_NAME = "input"
"""What GDAL calls a layer that has no name but its file's: the reader's file is named so."""
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


@dataclass(frozen=True)
class Source:
    """One input file: what was named, its checksum, and the file to open (perhaps unpacked).

    `name` and `size` (bytes) are of the file the person named; `member` is its part in a zip.
    `opened` lies in the scratch folder under a name of ours: nothing beside the person's file
    has a say in what is read but a Shapefile's own parts.
    """

    path: Path
    opened: Path
    name: str
    sha256: str
    size: int
    format: Format
    member: str | None = None

    @property
    def plain_name(self) -> str:
        """What the file is called without ending, where its only layer has no name of its own."""
        return Path(self.member or self.name).name.split(".")[0] or self.name

    def inner(self, wanted: str | None) -> str | None:
        """The layer wanted of the file itself: nothing, when it named this file in its archive."""
        if wanted is None or self.member is None:
            return wanted
        inside = PurePosixPath(self.member)
        named = (inside.stem, inside.name, str(inside), str(inside.with_suffix("")))
        return None if wanted in named else wanted


def locate(path: Path, scratch: Path, *, member: str | None = None) -> Source:
    """Check that `path` is a plain local file, recognise it, unpack it into `scratch` if zipped.

    `member` chooses among several layers of one zip. RefusedError explains every refusal.
    """
    real = _real(path)
    folder = scratch / "input"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if real.is_dir():
        digest, size = checksum(real)
        opened = _link(real, folder / f"input{Format.FILEGDB.suffix}")
        return Source(real, opened, path.name, digest, size, Format.FILEGDB)
    found = sniff(real)
    digest, size = checksum(real)
    if found.format is not None:
        opened = _beside(real, found.format, folder)
        return Source(real, opened, path.name, digest, size, found.format)
    archive, inside = zips.open_zip(real)
    with archive:
        chosen = zips.choose(real, zips.candidates(real, inside), member)
        opened = zips.unpack(real, archive, chosen, folder)
    kind = Format.FILEGDB if opened.is_dir() else sniff(opened).format
    if kind is None:
        raise refuse(path, "มีไฟล์ zip ซ้อนอยู่ข้างใน", "there is another zip inside it")
    named = opened.with_name(f"input{kind.suffix}")
    if kind is not Format.FILEGDB and named != opened:
        opened.rename(named)
    return Source(real, named, path.name, digest, size, kind, member=str(chosen.path))


def _real(path: Path) -> Path:
    """The file (or geodatabase folder) itself; RefusedError when it is anything else."""
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
    except (OSError, ValueError) as error:
        raise RefusedError(
            Text(
                th=f"ไม่พบไฟล์ “{text}” หรือเปิดไม่ได้ ตรวจชื่อไฟล์อีกครั้ง",
                en=f"The file “{text}” does not exist or cannot be opened. Check the name.",
            )
        ) from error
    database = stat.S_ISDIR(status.st_mode) and path.suffix.lower() == ".gdb"
    if database and any(part.is_symlink() or not part.is_file() for part in path.iterdir()):
        raise refuse(
            path,
            "โฟลเดอร์ .gdb มีลิงก์หรือโฟลเดอร์ย่อย ไม่ใช่ไฟล์ธรรมดาทั้งหมด",
            "the .gdb folder holds links or folders, not just plain files",
        )
    if not database and not stat.S_ISREG(status.st_mode):
        raise RefusedError(
            Text(
                th=f"ไม่รับ “{text}”: ไม่ใช่ไฟล์ธรรมดา (เป็นโฟลเดอร์หรืออุปกรณ์)",
                en=f"“{text}” is refused: it is not a regular file but a folder or a device.",
            )
        )
    return path.resolve()


def _beside(real: Path, kind: Format, folder: Path) -> Path:
    """Links in our folder, under names of ours, to the file and its own parts."""
    if kind in (Format.SHAPEFILE, Format.DBF):
        for part in _siblings(real):
            if part.suffix.lower() != kind.suffix:
                _link(part, folder / f"input{part.suffix.lower()}")
    return _link(real, folder / f"input{kind.suffix}")


def _link(real: Path, name: Path) -> Path:
    if not name.exists():
        name.symlink_to(real)
    return name


def members(path: Path) -> tuple[str | None, ...]:
    """Names to choose from in a zip that holds several layers' files; (None,) for anything else."""
    if not path.is_file() or not zipfile.is_zipfile(path) or sniff(path).format is not None:
        return (None,)
    archive, inside = zips.open_zip(path)
    with archive:
        found = zips.candidates(path, inside)
    return tuple(candidate.name for candidate in found) if len(found) > 1 else (None,)


def parts(path: Path) -> tuple[Path, ...]:
    """The files that are one: the named one and a Shapefile's side files; all in a geodatabase."""
    return tuple(sorted(path.iterdir())) if path.is_dir() else (path, *_siblings(path))


def checksum(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes of a file; a Shapefile's side files count as well.

    Of a geodatabase's folder, of all its files in the order of their names.
    """
    digest = hashlib.sha256()
    size = 0
    for part in parts(path):
        with part.open("rb") as handle:
            while chunk := handle.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    return digest.hexdigest(), size


def _siblings(path: Path) -> list[Path]:
    if path.suffix.lower() not in (".shp", ".dbf"):
        return []
    wanted = {suffix for suffix in zips.SIDE_FILES if suffix != path.suffix.lower()}
    if path.suffix.lower() == ".dbf":
        wanted = {".cpg"}
    return sorted(
        other
        for other in path.parent.iterdir()
        if other.stem == path.stem and other.suffix.lower() in wanted and other.is_file()
    )
