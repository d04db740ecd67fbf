"""Who may call this server at all, and by which names."""

from collections.abc import Callable, Iterable
from functools import lru_cache

from api.problems import MisdirectedError
from layers.errors import ForbiddenError
from layers.text import Text


class Door:
    """Looked through by every request, before anything else is done for it.

    `hosts` are the names this server answers for: a foreign page whose name was pointed at
    127.0.0.1 must not read the town through somebody's browser. Empty means any. `near` says
    whether an address may call at all; None: all may. A server published to its own machine only
    speaks no TLS, so nobody else may use it, wherever it was told to listen.
    """

    def __init__(
        self, hosts: Iterable[str] = (), near: Callable[[str], bool] | None = None
    ) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)
        self._near = near

    def check(self, client: str | None, host: bytes) -> None:
        """Let a request from this address with this Host header in.

        ForbiddenError when the address may not call, MisdirectedError when the name is not ours.
        """
        if self._near is not None and not (client and self._near(client)):
            raise ForbiddenError(
                Text(
                    th="ระบบนี้เปิดให้ใช้ในเครื่องของมันเองเท่านั้น ให้ผู้ดูแลวาง https ไว้ข้างหน้า "
                    "แล้วตั้ง MUANG_PUBLIC_URL",
                    en="This system is for its own machine only. To reach it from elsewhere its "
                    "keeper puts https in front and sets MUANG_PUBLIC_URL.",
                )
            )
        if self._hosts and host_name(host.decode("latin-1")) not in self._hosts:
            raise MisdirectedError(
                Text(
                    th="ระบบนี้ไม่ตอบที่อยู่นี้ เปิดด้วยที่อยู่ที่ ./muang up แสดง หรือตั้ง MUANG_PUBLIC_URL",
                    en="This system does not answer at this address. Open the address "
                    "./muang up printed, or set MUANG_PUBLIC_URL.",
                )
            )


@lru_cache(maxsize=256)
def host_name(host: str) -> str:
    """The name in a Host header, without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
