"""What is refused before any long work: an address others could reach, a port somebody holds."""

import ipaddress
from urllib.parse import urlsplit

from api.settings import in_container
from layers.errors import UnavailableError
from layers.text import Text
from ops.processes import holder_of, is_free
from ops.server import Address


def check_address(address: Address) -> None:
    """Refuse an address other machines reach without encryption.

    A container listens on every address behind a port published on the host's loopback; there
    MUANG_PUBLIC_URL says what people type. An https address is the reverse proxy's in front.
    """
    parts = urlsplit(address.url)
    published = parts.hostname or ""
    if is_loopback(published) and (is_loopback(address.host) or in_container()):
        return
    if parts.scheme == "https" and not is_loopback(published):
        return
    raise UnavailableError(
        Text(
            th=f"ไม่เปิดระบบที่ {address.host} ({address.url}): เครื่องอื่นเข้าถึงได้โดยไม่เข้ารหัส "
            "รหัสผ่านและข้อมูลส่วนบุคคลจะถูกอ่านได้ ใช้ --host 127.0.0.1 หรือวาง https ไว้ข้างหน้า"
            "แล้วตั้ง MUANG_PUBLIC_URL=https://…",
            en=f"Not serving at {address.host} ({address.url}): others would reach it without "
            "encryption and could read passwords and personal data. Use --host 127.0.0.1, or "
            "put https in front and set MUANG_PUBLIC_URL=https://…",
        )
    )


def check_port(address: Address) -> None:
    """Refuse a port somebody holds, and say who."""
    if is_free(address.host, address.port):
        return
    holder = holder_of(address.port)
    th = f"โปรเซส {holder.pid}: {holder.command}" if holder else "โปรแกรมของผู้ใช้อื่น"
    en = f"process {holder.pid}: {holder.command}" if holder else "a program of another user"
    raise UnavailableError(
        Text(
            th=f"พอร์ต {address.port} มีผู้ใช้อยู่แล้ว ({th}) ปิดโปรแกรมนั้น หรือเลือกพอร์ตอื่น "
            f"./muang up --port {address.port + 1}",
            en=f"Port {address.port} is in use ({en}). Stop it, or take another port: "
            f"./muang up --port {address.port + 1}",
        )
    )


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine and no other."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
