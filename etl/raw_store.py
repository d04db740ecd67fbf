"""Files as they were brought, kept by the SHA-256 of their content, each sealed with its own key.

Nobody declared what a file holds beside the columns that are loaded (owners, telephones), so every
file is sealed: AES-256-GCM in chunks of 1 MiB, whose nonce counts them and marks the last, bound
to the file's hash, so that chunks can be neither cut off, reordered nor exchanged. The key is
given back to the caller, who keeps it in the town's database: deleting it there shreds the file
in every copy and backup of this folder. Nothing here is ever served.
"""

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from layers.errors import RefusedError, UnavailableError
from layers.text import Text

CHUNK = 1024 * 1024
_MAGIC = b"muang raw 1\n"
_TAG = 16
_SUFFIX = ".sealed"


@dataclass(frozen=True)
class Kept:
    """A file in the store: SHA-256 of its content in hex, bytes, and the key it is sealed with."""

    sha256: str
    size: int
    key: bytes


class RawStore:
    """The raw files of one town, below a folder of its own that only we may read (0700, 0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, sha256: str) -> Path:
        """Where the file of that hash is, or would be."""
        return self.folder / sha256[:2] / f"{sha256}{_SUFFIX}"

    def keep(self, parts: Sequence[Path], digest: str, size: int) -> Kept:
        """Seal a copy under a fresh key of a file, or of those that are one; whole or not at all.

        `digest` is of all parts, one after the other, `size` their bytes. RefusedError when their
        content is another: it changed while it was read.
        """
        target = self.place(digest)
        for folder in (self.folder, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(32)
        # a temporary file is 0600 from its first byte
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        made = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(_MAGIC)
                seen = hashlib.sha256()
                names = [[part.name, part.stat().st_size] for part in parts]
                content = chain([json.dumps(names).encode()], _chunks(parts, seen))
                for chunk in _seal(content, key, digest):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            if seen.hexdigest() != digest:
                raise RefusedError(
                    Text(
                        th=f"ไฟล์ “{parts[0].name}” ถูกแก้ไขขณะที่กำลังอ่าน ลองใหม่อีกครั้ง",
                        en=f"“{parts[0].name}” was changed while it was being read. Try again.",
                    )
                )
            made.replace(target)
        finally:
            made.unlink(missing_ok=True)
        return Kept(digest, size, key)

    def read(self, sha256: str, key: bytes) -> Iterator[tuple[str, bytes]]:
        """The content, piece by piece, each with the name of the file it belongs to.

        UnavailableError when it is not there, is damaged, or is sealed with another key. An empty
        file is one empty piece.
        """
        seen = hashlib.sha256()
        try:
            with self.place(sha256).open("rb") as sealed:
                if sealed.read(len(_MAGIC)) != _MAGIC:
                    raise _damaged(sha256)
                chunks = _open(sealed, key, sha256)
                names = json.loads(next(chunks))
                for name, piece in _split(chunks, names):
                    seen.update(piece)
                    yield name, piece
        except (OSError, InvalidTag) as error:
            raise _damaged(sha256) from error
        if seen.hexdigest() != sha256:
            raise _damaged(sha256)

    def opens(self, sha256: str, key: bytes) -> bool:
        """Whether the file is there and this key opens it."""
        try:
            return next(self.read(sha256, key), None) is not None
        except UnavailableError:
            return False

    def held(self) -> dict[str, int]:
        """Hash and size on disk, in bytes, of every file in the store."""
        found = sorted(self.folder.glob(f"[0-9a-f][0-9a-f]/*{_SUFFIX}"))
        return {path.name.removesuffix(_SUFFIX): path.stat().st_size for path in found}

    def remove(self, sha256: str) -> None:
        """Take a file out of the store."""
        self.place(sha256).unlink(missing_ok=True)


def _chunks(parts: Sequence[Path], seen: "hashlib._Hash") -> Iterator[bytes]:
    for part in parts:
        with part.open("rb") as handle:
            while chunk := handle.read(CHUNK):
                seen.update(chunk)
                yield chunk


def _split(chunks: Iterator[bytes], names: list[tuple[str, int]]) -> Iterator[tuple[str, bytes]]:
    """Pieces of the files, in order; a file that is empty has one empty piece."""
    waiting = b""
    for name, size in names:
        left = size
        if left == 0:
            yield name, b""
        while left:
            waiting = waiting or next(chunks, b"")
            if not waiting:
                return
            yield name, waiting[:left]
            left, waiting = left - len(waiting[:left]), waiting[left:]


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])


def _seal(chunks: Iterator[bytes], key: bytes, sha256: str) -> Iterator[bytes]:
    """Each chunk sealed, its sealed length before it."""
    cipher, bound = AESGCM(key), bytes.fromhex(sha256)
    count, waiting = 0, next(chunks)
    for chunk in chunks:
        yield _framed(cipher.encrypt(_nonce(count, last=False), waiting, bound))
        count, waiting = count + 1, chunk
    yield _framed(cipher.encrypt(_nonce(count, last=True), waiting, bound))


def _framed(sealed: bytes) -> bytes:
    return len(sealed).to_bytes(4, "big") + sealed


def _frame(sealed: BinaryIO) -> bytes:
    """The next sealed chunk; empty at the end. A length that is not ours is no chunk of ours."""
    length = int.from_bytes(sealed.read(4), "big")
    return sealed.read(min(length, CHUNK + _TAG))


def _open(sealed: BinaryIO, key: bytes, sha256: str) -> Iterator[bytes]:
    cipher, bound = AESGCM(key), bytes.fromhex(sha256)
    count, waiting = 0, _frame(sealed)
    while following := _frame(sealed):
        yield cipher.decrypt(_nonce(count, last=False), waiting, bound)
        count, waiting = count + 1, following
    yield cipher.decrypt(_nonce(count, last=True), waiting, bound)


def _damaged(sha256: str) -> UnavailableError:
    return UnavailableError(
        Text(
            th=f"ไฟล์ต้นฉบับ {sha256[:12]}… ไม่อยู่ในเครื่องนี้ หรือเสีย หรือกุญแจไม่ตรง",
            en=f"The raw file {sha256[:12]}… is not on this machine, is damaged, or is sealed "
            "with another key.",
        )
    )
