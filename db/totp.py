"""One-time codes (RFC 6238): the secret is kept encrypted, a code works once."""

import base64
import hashlib
import time

import pyotp
from cryptography.fernet import Fernet, InvalidToken

STEP_SECONDS = 30


def new_secret() -> str:
    """A fresh base32 secret for an authenticator app."""
    return pyotp.random_base32()


def address(secret: str, username: str, town: str) -> str:
    """The otpauth address an authenticator app reads."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Muang {town}")


def seal(secret: str, key: str) -> bytes:
    """The secret encrypted with a key derived from the platform's secret."""
    return box(key).encrypt(secret.encode())


def unseal(sealed: bytes, *keys: str) -> str | None:
    """The secret, or None when it was sealed with none of these secrets of the platform."""
    for key in keys:
        try:
            return box(key).decrypt(bytes(sealed)).decode()
        except InvalidToken:
            continue
    return None


def step_of(code: str, secret: str, *, after: int | None, now: float | None = None) -> int | None:
    """The time step a code belongs to: now, just before or just after, and later than `after`.

    None when the code is wrong or was used already.
    """
    code = code.replace(" ", "")
    if not (code.isascii() and code.isdigit()):
        return None
    current = int((time.time() if now is None else now) // STEP_SECONDS)
    for step in (current, current - 1, current + 1):
        fresh = after is None or step > after
        if fresh and pyotp.TOTP(secret).verify(code, for_time=step * STEP_SECONDS, valid_window=0):
            return step
    return None


def box(key: str) -> Fernet:
    """What seals a text with a key derived from this one."""
    derived = hashlib.sha256(b"muang totp" + key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(derived))
