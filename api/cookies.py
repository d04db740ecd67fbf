"""Cookies as header values: `__Host-` (this host only, whole site), Secure, never for scripts."""


def kept(name: str, value: str, seconds: int | None, *, same_site: str = "Strict") -> str:
    """A cookie for so many seconds; None: until the browser is closed."""
    life = "" if seconds is None else f" Max-Age={seconds};"
    return f"{name}={value}; Path=/;{life} Secure; HttpOnly; SameSite={same_site}"


def ended(name: str) -> str:
    """The same cookie, gone."""
    return f"{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
