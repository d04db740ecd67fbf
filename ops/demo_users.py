"""The demo's throw-away sign-ins, one for each role: made anew at each start and printed.

They work only where nobody but this machine reaches the town. A password is made at random each
time, so that a sign-in somebody wrote down ends with the demo it was printed for.
"""

import secrets
from dataclasses import asdict, dataclass

from db.accounts import NewAccount, ensure_throwaway, throwaway_accounts
from db.connect import Machine, connect
from layers.errors import UnavailableError
from layers.model import Role
from layers.text import Text
from ops.guard import is_loopback
from ops.session import Server

TEAM = "demo-boat-1"
_SYLLABLES = (
    *("ba", "chai", "dao", "fon", "hin", "kai", "lom", "mun", "nam", "pla"),
    *("rak", "sai", "thong", "wan", "yai", "khao", "suan", "din", "mae", "phu"),
)
_NAMES = {
    Role.STAFF: "เจ้าหน้าที่ (สาธิต)",
    Role.COORDINATOR: "ผู้ประสานงาน (สาธิต)",
    Role.TEAM: "ทีมภาคสนาม (สาธิต)",
    Role.CARE: "งานดูแลผู้สูงอายุ (สาธิต)",
    Role.ANALYST: "นักวิเคราะห์ (สาธิต)",
    Role.ADMIN: "ผู้ดูแลระบบ (สาธิต)",
}


@dataclass(frozen=True)
class DemoUser:
    """One sign-in of the demo."""

    role: str
    username: str
    password: str

    def facts(self) -> dict[str, str]:
        """What `up --json` prints."""
        return asdict(self)


def make_demo_users(server: Server, town: str) -> list[DemoUser]:
    """A sign-in for each role that needs one, with fresh passwords."""
    made = [DemoUser(str(role), f"demo-{role}", _password()) for role in _NAMES]
    with connect(server.url, server.secret, town, Machine.SERVICE) as conn:
        for user in made:
            role = Role(user.role)
            new = NewAccount(
                username=user.username,
                display_name=_NAMES[role],
                role=role,
                password=user.password,
                team=TEAM if role is Role.TEAM else None,
                throwaway=True,
            )
            ensure_throwaway(conn, new)
    return made


def refuse_published(server: Server, town: str, host: str, url: str) -> None:
    """UnavailableError when a town others reach still has sign-ins the demo printed."""
    if is_loopback(host):
        return
    with connect(server.url, server.secret, town, Machine.SERVICE) as conn:
        left = throwaway_accounts(conn)
    if left:
        first = left[0]
        raise UnavailableError(
            Text(
                th=f"ไม่เปิดระบบที่ {url}: เมือง {town} มีบัญชีสาธิต ({', '.join(left)}) "
                f"ปิดทุกบัญชีก่อนด้วย ./muang user disable {first} --town {town}",
                en=f"Not serving at {url}: {town} has sign-ins of the demo ({', '.join(left)}). "
                f"Disable each of them first: ./muang user disable {first} --town {town}",
            )
        )


def _password() -> str:
    """Six different syllables, easily typed: 24 bits, for a machine nobody else reaches."""
    return "-".join(secrets.SystemRandom().sample(_SYLLABLES, 6))
