"""Keeping the files that are imported: where, before what, for how long, and the sweep."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layers.errors import BadRequestError, UnavailableError
from layers.text import Text
from ops.checkout import Checkout
from ops.rasters import writable

if TYPE_CHECKING:
    from db.derived import AnyConnection
    from etl.raw_store import RawStore

KEEP_DAYS = 365


def raw_root(checkout: Checkout | None = None) -> Path:
    """The folder of all towns' raw files: MUANG_RAW_FILES, else below the checkout's state."""
    named = os.environ.get("MUANG_RAW_FILES")
    return Path(named) if named else (checkout or Checkout.here()).state / "raw"


def keep_days() -> int:
    """For how many days a raw file of a layer with personal data is kept: MUANG_KEEP_RAW_DAYS."""
    text = os.environ.get("MUANG_KEEP_RAW_DAYS", str(KEEP_DAYS))
    if not text.isdigit() or not 0 < int(text) <= 36_500:  # noqa: PLR2004 - a hundred years
        raise BadRequestError(
            Text(
                th=f"MUANG_KEEP_RAW_DAYS ต้องเป็นจำนวนวัน ไม่ใช่ “{text}”",
                en=f"MUANG_KEEP_RAW_DAYS is a number of days, not “{text}”.",
            )
        )
    return int(text)


def store_of(town_id: str) -> "RawStore":
    """The store of one town."""
    from etl.raw_store import RawStore

    return RawStore(raw_root() / town_id)


@contextmanager
def kept(
    conn: "AnyConnection", town_id: str, paths: Sequence[Path], *, personal: bool
) -> Iterator[None]:
    """Keep files while they are imported.

    They are kept before, so that a computer that stops in between cannot leave rows without their
    file; what an import then does not name (it was refused) is forgotten at once. Where there is
    no place for files, or not enough, the import goes on and `imports show` says they are not kept.
    """
    store = store_of(town_id)
    new: list[str] = []
    if writable(store.folder):
        new = [digest for path in paths if (digest := _keep(conn, store, path, personal=personal))]
    try:
        yield
    finally:
        conn.rollback()
        _drop_unnamed(conn, store, new)


def _keep(conn: "AnyConnection", store: "RawStore", path: Path, *, personal: bool) -> str | None:
    """Seal one file and put it on the register; its hash when it was not there before."""
    from db import raw_files
    from etl.unpack import checksum, parts

    if not path.is_file() or not _has_room(store, path):
        return None
    digest, size = checksum(path)
    known = raw_files.find(conn, [digest]).get(digest)
    conn.commit()
    key = known.seal_key if known else None
    there = key is not None and store.opens(digest, key)
    if key is None or not there:
        key = store.keep(parts(path), digest, size).key
    raw_files.note(conn, digest, size, key, personal=personal, keep_days=keep_days())
    return None if there else digest


def _has_room(store: "RawStore", path: Path) -> bool:
    """Whether the file leaves half of the free space free: it may be a hole of a terabyte."""
    there = next(part for part in (store.folder, *store.folder.parents) if part.exists())
    return path.stat().st_size <= shutil.disk_usage(there).free // 2


def _drop_unnamed(conn: "AnyConnection", store: "RawStore", new: Sequence[str]) -> None:
    from db import raw_files

    gone = raw_files.unnamed(conn, new) if new else []
    conn.commit()
    raw_files.forget(conn, gone)
    for digest in gone:
        store.remove(digest)


def told(
    conn: "AnyConnection", town_id: str, files: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Where the files an import names are kept, for `imports show`: never a key."""
    from db import raw_files

    store = store_of(town_id)
    known = raw_files.find(conn, [str(file["sha256"]) for file in files])
    found = []
    for file in files:
        digest = str(file["sha256"])
        row = known.get(digest)
        place = store.place(digest)
        there = row is not None and row.seal_key is not None and place.is_file()
        found.append(
            {
                "name": file["name"],
                "sha256": digest,
                "size": file["size"],
                "kept": there,
                "path": str(place) if there else None,
                "bytes_on_disk": place.stat().st_size if there else None,
                "personal": row.personal if row else None,
                "kept_at": row.kept_at if row else None,
                "forget_at": row.forget_at if row else None,
                "forgotten_at": row.forgotten_at if row else None,
            }
        )
    return found


def sweep(conn: "AnyConnection", town_id: str) -> tuple[int, int]:
    """Remove what no import names, and what has had its time; files and bytes that went."""
    from db import raw_files

    store = store_of(town_id)
    raw_files.forget(conn, raw_files.unworthy(conn))
    conn.commit()
    held = store.held()
    known = raw_files.find(conn, list(held))
    conn.commit()
    gone = {
        digest: size
        for digest, size in held.items()
        if (row := known.get(digest)) is None or row.seal_key is None
    }
    for digest in gone:
        store.remove(digest)
    return len(gone), sum(gone.values())


def bring_back(conn: "AnyConnection", town_id: str, dataset_id: int, folder: Path) -> list[Path]:
    """Write the raw files of an import into a folder, as they were; UnavailableError if gone."""
    from db import raw_files
    from db.datasets import get_dataset

    record = get_dataset(conn, dataset_id)
    known = raw_files.find(conn, [str(file["sha256"]) for file in record.files])
    conn.commit()
    made = []
    folder.mkdir(parents=True, exist_ok=True)
    for file in record.files:
        row = known.get(str(file["sha256"]))
        if row is None or row.seal_key is None:
            raise _not_kept(str(file["name"]))
        made += _write(store_of(town_id).read(row.sha256, row.seal_key), folder)
    return made


def _write(pieces: Iterator[tuple[str, bytes]], folder: Path) -> list[Path]:
    """Files made of their pieces, readable by us alone; never over one that is there."""
    made: list[Path] = []
    for name, piece in pieces:
        target = folder / Path(name).name
        flags = os.O_WRONLY | (os.O_APPEND if target in made else os.O_CREAT | os.O_EXCL)
        with os.fdopen(os.open(target, flags, 0o600), "ab") as out:
            out.write(piece)
        if target not in made:
            made.append(target)
    return made


def _not_kept(name: str) -> UnavailableError:
    return UnavailableError(
        Text(
            th=f"ไม่มีไฟล์ต้นฉบับ “{name}” แล้ว: ไม่ได้เก็บไว้ หรือครบกำหนดและลบกุญแจแล้ว",
            en=f"The raw file “{name}” is no longer there: it was not kept, or its time is over "
            "and its key was deleted.",
        )
    )
