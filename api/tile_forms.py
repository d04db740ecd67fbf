"""A tile's bytes as they travel: plain, gzip or zstd, as the caller asks."""

import asyncio
import sys
import zlib
from enum import StrEnum
from functools import lru_cache

from api.encoding import accepts

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALL = 256
"""Bytes that are not worth packing."""
_LARGE = 32 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class Form(StrEnum):
    """A content coding (RFC 9110)."""

    PLAIN = "identity"
    GZIP = "gzip"
    ZSTD = "zstd"


@lru_cache(maxsize=256)
def best_form(accept_encoding: bytes) -> Form:
    """The form to send for an Accept-Encoding header: zstd, else gzip, else plain.

    Nothing is packed that is refused with `q=0`, or when nothing is said.
    """
    accepted = accept_encoding.decode("latin-1")
    for form in (Form.ZSTD, Form.GZIP):
        if accepts(accepted, form.value):
            return form
    return Form.PLAIN


async def packed(body: bytes, form: Form, *, kept: bool) -> bytes:
    """The body in a form; packed harder when it is `kept`. Large ones in a thread."""
    if form is Form.PLAIN:
        return body
    if len(body) < _LARGE:
        return _pack(body, form, kept=kept)
    return await asyncio.to_thread(_pack, body, form, kept=kept)


async def unpacked(body: bytes, form: Form) -> bytes:
    """The plain bytes again."""
    if form is Form.PLAIN:
        return body
    if form is Form.GZIP:
        return await asyncio.to_thread(zlib.decompress, body, _GZIP)
    return await asyncio.to_thread(zstd.decompress, body)


def _pack(body: bytes, form: Form, *, kept: bool) -> bytes:
    if form is Form.GZIP:
        return zlib.compress(body, 5 if kept else 1, _GZIP)
    # a compressor of its own each time: one must not be shared by threads
    return zstd.compress(body, 6 if kept else 1)
