"""Files we serve ourselves: the dashboard's build, its fonts, the pages of /docs."""

import asyncio
import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from api import encoding
from layers.errors import NotFoundError
from layers.text import Text

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_SHRINKABLE = frozenset({".css", ".html", ".js", ".json", ".map", ".mjs", ".svg", ".webmanifest"})
_HASHED = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")
"""How the dashboard's build names files by their content: `name-XXXXXXXX.js`."""
_SMALL = 512

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"


@dataclass(frozen=True)
class _File:
    body: bytes
    packed: dict[str, bytes]
    """By encoding, smallest first."""
    etag: str
    media_type: str


class Folder:
    """Files below one folder, kept in memory after the first reading while they do not change.

    `hashed` says that names ending in a content hash may be kept by browsers for ever.
    """

    def __init__(self, root: Path, *, hashed: bool = False) -> None:
        self.root = root
        self.hashed = hashed
        self._kept: dict[Path, tuple[tuple[int, int], _File]] = {}

    async def answer(self, request: Request, name: str) -> Response:
        """The file of that name; NotFoundError when there is none below the folder."""
        path = self._inside(name)
        file = await asyncio.to_thread(self._read, path)
        headers = {
            "ETag": file.etag,
            "Cache-Control": IMMUTABLE if self._is_hashed(path.name) else REVALIDATE,
            "Vary": "Accept-Encoding",
        }
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        body = file.body
        accepted = request.headers.get("accept-encoding", "")
        taken = next((name for name in file.packed if encoding.accepts(accepted, name)), None)
        if taken:
            headers["Content-Encoding"] = taken
            body = file.packed[taken]
        return Response(body, media_type=file.media_type, headers=headers)

    def _is_hashed(self, name: str) -> bool:
        return self.hashed and _HASHED.search(name) is not None

    def _inside(self, name: str) -> Path:
        root = self.root.resolve()
        path = (root / name.replace("\0", "")).resolve()
        if not path.is_relative_to(root) or not path.is_file():
            raise NotFoundError(
                Text(th="ไม่มีไฟล์นี้ในระบบ", en="There is no such file here."),
            )
        return path

    def _read(self, path: Path) -> _File:
        stat = path.stat()
        state = (stat.st_mtime_ns, stat.st_size)
        kept = self._kept.get(path)
        if kept is not None and kept[0] == state:
            return kept[1]
        body = path.read_bytes()
        packs = path.suffix in _SHRINKABLE and len(body) > _SMALL
        file = _File(
            body=body,
            packed=_packed(path, body, hashed=self._is_hashed(path.name)) if packs else {},
            etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
            media_type=_TYPES.get(path.suffix, "application/octet-stream"),
        )
        self._kept[path] = (state, file)
        return file


def _packed(path: Path, body: bytes, *, hashed: bool) -> dict[str, bytes]:
    """The forms a file is sent in, the smallest first.

    The build leaves brotli beside files named by their content, which therefore cannot differ.
    """
    there = path.with_name(f"{path.name}.br")
    brotli = {"br": there.read_bytes()} if hashed and there.is_file() else {}
    return brotli | {"gzip": gzip.compress(body, 6, mtime=0)}
