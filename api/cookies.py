"""Cookies as header values: `__Host-` (this host only, whole site), Secure, never for scripts."""


def kept(name: str, value: str, seconds: int, *, same_site: str = "Strict") -> str:
    """A cookie for so many seconds."""
    return f"{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite={same_site}"


def ended(name: str) -> str:
    """The same cookie, gone."""
    return f"{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
