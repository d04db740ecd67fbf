"""Keys of feeds: read from the configuration, put into requests, taken out of all that is said.

A key is `MUANG_FEED_KEY_<NAME>` in the environment, or a line `NAME=value` of the file that
MUANG_FEED_KEYS_FILE names (only its owner may read it). It is never stored anywhere else.
"""

import base64
import logging
import re
import stat
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from layers.errors import BadRequestError, MuangError, UnavailableError
from layers.text import Text

PREFIX = "MUANG_FEED_KEY_"
FILE = "MUANG_FEED_KEYS_FILE"
PLACE = "{key}"
HIDDEN = "•••"
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,40}")
_SHORTEST = 4
_LOOKS_LIKE_KEY = re.compile(
    r"(api[-_]?key|app[-_]?id|access|token|secret|sig(nature)?|passw(or)?d|pwd|auth|credential|^key$)",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(
    r"(?i)((?:api[-_]?key|access[-_]?token|token|secret|signature|password|pwd|key)"
    r"[\"']?\s*[=:]\s*[\"']?)([^&\s\"'<>,;]{4,})"
)


class Keys:
    """The keys of this process. `repr` shows none."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        forms = {form for value in values.values() for form in _forms(value)}
        self._forms = sorted(forms, key=len, reverse=True)

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._values))})"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the keys there are."""
        return tuple(sorted(self._values))

    def get(self, name: str) -> str:
        """The key of that name; UnavailableError says where to put it."""
        found = self._values.get(name)
        if found is None:
            raise UnavailableError(
                Text(
                    th=f"ยังไม่มีกุญแจ {name}: ตั้งด้วย ./muang feed key {name} หรือ {PREFIX}{name}",
                    en=f"There is no key {name}: set it with ./muang feed key {name}, "
                    f"or {PREFIX}{name}.",
                )
            )
        return found

    def hide(self, text: str) -> str:
        """A text without any key, in whatever spelling, and without what looks like one."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return _IN_TEXT.sub(rf"\1{HIDDEN}", text)

    def hide_text(self, text: Text) -> Text:
        """The same for both languages."""
        return Text(th=self.hide(text.th), en=self.hide(text.en))


class Hiding(logging.Filter):
    """Takes keys out of every line of a log; libraries write whole addresses."""

    def __init__(self, keys: Callable[[], Keys]) -> None:
        super().__init__()
        self._keys = keys

    def filter(self, record: logging.LogRecord) -> bool:
        """Hide keys in the line; a trace is put into it first."""
        said = record.getMessage()
        if record.exc_info:
            said += "\n" + "".join(traceback.format_exception(*record.exc_info))
        record.exc_info, record.exc_text, record.stack_info = None, None, None
        try:
            record.msg, record.args = self._keys().hide(said), ()
        except MuangError:
            # the file of keys cannot be read: the environment's were hidden by name, say no more
            record.msg, record.args = Keys({}).hide(said), ()
        return True


def keys_from(environ: Mapping[str, str], file: Path | None = None) -> Keys:
    """The keys of the environment and of the file; the environment wins.

    Raises UnavailableError when others may read the file, or it cannot be read. Lines that are
    no `NAME=value` are skipped.
    """
    values = _of_file(file) if file is not None else {}
    values.update(
        {
            name.removeprefix(PREFIX): value.strip()
            for name, value in environ.items()
            if name.startswith(PREFIX) and _NAME.fullmatch(name.removeprefix(PREFIX))
        }
    )
    return Keys({name: value for name, value in values.items() if len(value) >= _SHORTEST})


def _of_file(file: Path) -> dict[str, str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            if stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
                raise UnavailableError(
                    Text(
                        th=f"ผู้อื่นอ่านไฟล์กุญแจ {file} ได้ แก้ด้วย chmod 600",
                        en=f"Others may read the file of keys {file}: chmod 600 it.",
                    )
                )
            lines = opened.read(1_000_000).splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UnavailableError(
            Text(
                th=f"อ่านไฟล์กุญแจ {file} ไม่ได้: {error.strerror}",
                en=f"The file of keys {file} cannot be read: {error.strerror}.",
            )
        ) from None
    pairs = (line.partition("=") for line in lines)
    return {
        name.strip(): value.strip()
        for name, sign, value in pairs
        if sign and _NAME.fullmatch(name.strip())
    }


def check_name(name: str) -> str:
    """The name itself when a key can be called so; BadRequestError otherwise."""
    if not _NAME.fullmatch(name):
        raise BadRequestError(
            Text(
                th=f"ชื่อกุญแจ “{name}” ใช้ไม่ได้ ใช้ A-Z 0-9 และ _",
                en=f"The key's name “{name}” cannot be used: A-Z, 0-9 and _.",
            )
        )
    return name


def check_address(url: str, headers: Mapping[str, str], *, secret: bool) -> None:
    """Refuse an address or headers that hold a key themselves; BadRequestError says why."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadRequestError(
            Text(
                th="ที่อยู่ของฟีดต้องขึ้นต้นด้วย https:// หรือ http://",
                en="The address of a feed begins with https:// or http://.",
            )
        )
    told = [*parse_qsl(parts.query, keep_blank_values=True), *headers.items()]
    held = [name for name, value in told if _LOOKS_LIKE_KEY.search(name) and PLACE not in value]
    if parts.username or parts.password or held:
        raise BadRequestError(
            Text(
                th="ห้ามใส่กุญแจหรือรหัสผ่านในที่อยู่หรือส่วนหัว เขียน {key} ไว้แทน และตั้งกุญแจด้วย ./muang feed key",
                en="A key or password does not belong into the address or a header: write {key} "
                f"in its place ({', '.join(held) or 'user:password@'}) and set the key with "
                "./muang feed key.",
            )
        )
    placed = any(PLACE in value for value in (url, *headers.values()))
    if placed and not secret:
        raise BadRequestError(
            Text(
                th="ที่อยู่มี {key} แต่ไม่ได้บอกชื่อกุญแจด้วย --key",
                en="The address has {key}, but --key does not name the key.",
            )
        )
    if secret and not placed:
        raise BadRequestError(
            Text(
                th="บอกชื่อกุญแจแล้ว แต่ในที่อยู่และส่วนหัวไม่มี {key}",
                en="A key is named, but neither the address nor a header has {key}.",
            )
        )
    if secret and parts.scheme != "https":
        raise BadRequestError(
            Text(
                th="ฟีดที่ใช้กุญแจต้องเป็น https:// มิฉะนั้นใครก็อ่านกุญแจระหว่างทางได้",
                en="A feed with a key has to be https://: others could read the key on its way.",
            )
        )


def _forms(value: str) -> set[str]:
    """A key as it is, as addresses write it, and as headers of basic sign-in do."""
    raw = value.encode()
    return {
        value,
        quote(value, safe=""),
        quote_plus(value),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        value.replace("/", "\\/"),
    }
