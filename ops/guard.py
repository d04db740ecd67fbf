"""What is refused before any long work: an address others could reach, a port somebody holds."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

from layers.errors import UnavailableError
from layers.text import Text
from ops.processes import holder_of, is_free
from ops.server import Address


def check_address(address: Address) -> None:
    """Refuse to listen where other machines reach us: until people sign in, all is open.

    A container listens on every address behind a port published on the host's loopback; there
    MUANG_PUBLIC_URL says what people type, and must be loopback.
    """
    published = urlsplit(address.url).hostname or ""
    if is_loopback(published) and (is_loopback(address.host) or in_container()):
        return
    raise UnavailableError(
        Text(
            th=f"ไม่เปิดระบบที่ {address.host}: รุ่นนี้ยังไม่มีการลงชื่อเข้าใช้ ทุกคนในเครือข่ายจะเห็น"
            "และแก้ข้อมูลได้ทั้งหมด ใช้ --host 127.0.0.1",
            en=f"Not serving at {address.host} ({address.url}): there is no sign-in yet, so "
            "everybody on the network would see and change everything. Use --host 127.0.0.1.",
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


def in_container() -> bool:
    """Whether we run inside a container, whose ports are published by somebody else."""
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    return any(mark.exists() for mark in marks) or "container" in os.environ
