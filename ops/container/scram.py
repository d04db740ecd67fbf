"""PostgreSQL's SCRAM-SHA-256 verifiers (RFC 5803, RFC 7677). Standard library only.

The server stores a verifier, not the password; making it ourselves keeps the password out of
every SQL statement and log.
"""

import base64
import hashlib
import hmac
import secrets

ITERATIONS = 4096
_SALT_BYTES = 16


def verifier(password: str, *, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """`SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>` of an ASCII password."""
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = hashlib.sha256(client).digest()
    return f"SCRAM-SHA-256${iterations}:{_b64(salt)}${_b64(stored)}:{_b64(server)}"


def fits(password: str, known: str) -> bool:
    """Whether `known` is a verifier of the password; False for anything that is no verifier."""
    try:
        _, parameters, _ = known.split("$")
        iterations, salt = parameters.split(":")
        made = verifier(password, salt=base64.b64decode(salt), iterations=int(iterations))
    except ValueError:
        return False
    return hmac.compare_digest(made, known)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
