"""Passwords by NIST SP 800-63B-4: long, any characters, no composition rules, none of the usual.

Hashed with argon2id; compared in the same time whether or not the account exists.
"""

import unicodedata
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from db import breached as breached_passwords
from layers.errors import BadRequestError
from layers.text import Text

LEAST = 15
"""Characters of a password that is the only factor (SP 800-63B-4, 3.1.1.2)."""
LEAST_WITH_TOTP = 8
MOST = 256

_USUAL = (
    "password",
    "passw0rd",
    "qwerty",
    "asdfgh",
    "abcdef",
    "123456",
    "654321",
    "111111",
    "letmein",
    "welcome",
    "admin",
    "iloveyou",
    "thailand",
    "muang",
    "เทศบาล",
    "รหัสผ่าน",
)
"""Beginnings of what people choose when they do not choose."""


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """A hash no password has, to spend the same time on names that do not exist."""
    return _hasher().hash("no account has this password")


def normal(text: str) -> str:
    """A password or a username as it is compared: NFKC."""
    return unicodedata.normalize("NFKC", text)


def check_password(
    password: str, *, username: str, with_totp: bool = False, breached: Path | None = None
) -> str:
    """The normalised password when it may be used; BadRequestError says what to change.

    `breached` is the operator's file of passwords that are known to others.
    """
    text = normal(password)
    least = LEAST_WITH_TOTP if with_totp else LEAST
    if not least <= len(text) <= MOST:
        raise BadRequestError(
            Text(
                th=f"รหัสผ่านต้องยาว {least} ถึง {MOST} ตัวอักษร ใช้เป็นวลีหลายคำได้ จะมีช่องว่างก็ได้",
                en=f"A password needs {least} to {MOST} characters. A phrase of several words "
                "is good; spaces are welcome.",
            )
        )
    plain = text.lower().replace(" ", "")
    for usual in (*_USUAL, username.lower()):
        # what is left when the usual word is taken out must carry the password by itself
        if usual and usual in plain and len(plain.replace(usual, "")) < LEAST_WITH_TOTP:
            raise _too_usual()
    if len(set(plain)) < 5 or _is_a_run(plain):  # noqa: PLR2004 - aaaa…, abab…
        raise _too_usual()
    if breached is not None and breached_passwords.contains(breached, password):
        raise BadRequestError(
            Text(
                th="รหัสผ่านนี้เคยรั่วไหลและอยู่ในรายการที่คนอื่นใช้เดา เลือกรหัสผ่านอื่น",
                en="This password has been leaked somewhere and is in the lists guessers use. "
                "Choose another one.",
            )
        )
    return text


def _too_usual() -> BadRequestError:
    return BadRequestError(
        Text(
            th="รหัสผ่านนี้เดาง่ายเกินไป ใช้คำหลายคำที่ไม่เกี่ยวกับชื่อผู้ใช้",
            en="This password is too easy to guess. Use several words that have nothing to do "
            "with your username.",
        )
    )


def _is_a_run(text: str) -> bool:
    """Whether each character follows the one before it: 123456789012345, abcdefghijklmno."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(steps) <= 2 and steps <= {1, -1, -9, 9}  # noqa: PLR2004 - 9 then 0 goes on


def hash_password(password: str) -> str:
    """The argon2id hash, in PHC form with its own salt and costs."""
    return _hasher().hash(normal(password))


def verify_password(password: str, stored: str | None) -> bool:
    """Whether the password is right. Takes as long when there is no stored hash."""
    try:
        return _hasher().verify(stored or _nobody(), normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the costs have risen since this hash was made."""
    return _hasher().check_needs_rehash(stored)
