"""Passwords nobody may use any more, in a file the operator gives: no service is asked.

Two forms are read. Lines of 40 hex digits, perhaps with `:count` behind, sorted: SHA-1 sums as
lists of breached passwords are published, searched by halving, so their size does not matter.
Anything else: one password a line.
"""

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import BinaryIO

from layers.errors import UnavailableError
from layers.text import Text

_SUM = re.compile(rb"[0-9A-Fa-f]{40}(:\d+)?\s*")


def contains(path: Path, password: str) -> bool:
    """Whether the file lists this password; UnavailableError when it cannot be read."""
    try:
        with path.open("rb") as file:
            sums = _SUM.fullmatch(file.readline()) is not None
            file.seek(0)
            return _among_sums(file, password) if sums else _among_lines(file, password)
    except OSError as error:
        raise UnavailableError(
            Text(
                th=f"อ่านรายการรหัสผ่านที่รั่วไหล {path} ไม่ได้ ตรวจ MUANG_BREACHED_PASSWORDS",
                en=f"The list of breached passwords {path} cannot be read: see "
                "MUANG_BREACHED_PASSWORDS.",
            )
        ) from error


def _among_lines(file: BinaryIO, password: str) -> bool:
    wanted = _plain(password)
    return any(_plain(line.decode(errors="replace")) == wanted for line in file)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()


def _among_sums(file: BinaryIO, password: str) -> bool:
    # lists were summed as people typed; what we compare is normalised
    forms = {password, unicodedata.normalize("NFKC", password)}
    return any(_has_sum(file, form) for form in forms)


def _has_sum(file: BinaryIO, password: str) -> bool:
    # not to keep a password: this is how the published lists name theirs
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        found = _sum_from(file, middle)
        if found and found < digest:
            low = middle + 1
        else:
            high = middle
    return _sum_from(file, low) == digest


def _sum_from(file: BinaryIO, place: int) -> bytes:
    """The sum of the first line that begins at a place or behind it; empty behind the last."""
    file.seek(max(place - 1, 0))
    if place:
        file.readline()
    return file.readline()[:40].upper()
