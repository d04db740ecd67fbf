"""Whether credentials are good, asked of the database at most half a second ago.

Every path asks here, open streams too, so what was revoked is refused within a second
everywhere. A digest is kept in memory, never the credential itself.
"""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from api.viewer import Credential, Kind, Viewer
from db import openings, sessions, tokens
from db.changes import AsyncConnection
from layers.model import Role

STALE_SECONDS = 0.5
_USED_SECONDS = 60.0
"""How often it is noted that a session is in use."""
_MOST = 5_000

_FORMS = {
    Kind.TOKEN: re.compile(re.escape(tokens.PREFIX) + r"[A-Za-z0-9_-]{43}"),
    Kind.SESSION: re.compile(r"[A-Za-z0-9_-]{43}"),
}
"""How credentials look: 256 random bits, URL-safe."""

Connect = Callable[[], AbstractAsyncContextManager[AsyncConnection]]
Key = tuple[Kind, bytes]


@dataclass(frozen=True)
class _Asked:
    began: float
    answer: asyncio.Task[Viewer | None]


class Verifier:
    """Remembers who a credential belongs to for `STALE_SECONDS`, counted from before it asked."""

    def __init__(self, connect: Connect, *, throwaway: bool) -> None:
        self._connect = connect
        self._throwaway = throwaway
        self._asked: dict[Key, _Asked] = {}
        self._noted: dict[Key, float] = {}

    async def viewer(self, credential: Credential, *, used: bool = True) -> Viewer | None:
        """Whose credential it is; None when it is not good. Callers at once ask once.

        Without `used` a session is only looked at, as an open stream does, and may end unused.
        """
        found = await self._known(credential)
        if used and found is not None and found.session_id is not None:
            await self._note(_key(credential), found.session_id)
        return found

    async def _known(self, credential: Credential) -> Viewer | None:
        if not is_formed(credential):
            return None
        key = _key(credential)
        asked = self._asked.get(key)
        if asked is None or time.monotonic() - asked.began > STALE_SECONDS or _failed(asked):
            self._make_room()
            asked = _Asked(time.monotonic(), asyncio.create_task(self._find(credential)))
            self._asked[key] = asked
        if asked.answer.done():
            return asked.answer.result()  # what is known already is not waited for
        # shielded: a caller who goes away must not take the answer from the others
        return await asyncio.shield(asked.answer)

    async def _note(self, key: Key, session_id: int) -> None:
        now = time.monotonic()
        if now - self._noted.get(key, -_USED_SECONDS) < _USED_SECONDS:
            return
        if len(self._noted) >= _MOST:
            self._noted = {k: at for k, at in self._noted.items() if now - at < _USED_SECONDS}
        self._noted[key] = now
        async with self._connect() as conn:
            await sessions.used(conn, session_id)

    def knows(self, credential: Credential) -> bool:
        """Whether it was good when it was last asked about, however long ago."""
        asked = self._asked.get(_key(credential))
        return (
            asked is not None
            and asked.answer.done()
            and not _failed(asked)
            and asked.answer.result() is not None
        )

    def key(self, credential: Credential) -> Key:
        """What a credential is remembered by."""
        return _key(credential)

    def remembered(self, key: Key) -> Viewer | None:
        """Whose it is, if that was asked within `STALE_SECONDS` and nothing has to be noted."""
        asked, now = self._asked.get(key), time.monotonic()
        if asked is None or now - asked.began > STALE_SECONDS:
            return None
        if not asked.answer.done() or _failed(asked):
            return None
        found = asked.answer.result()
        if found is None or found.session_id is None:
            return found
        return found if now - self._noted.get(key, -_USED_SECONDS) < _USED_SECONDS else None

    def forget(self, credential: Credential) -> None:
        """Ask anew next time."""
        self._asked.pop(_key(credential), None)

    def forget_all(self) -> None:
        """Ask anew about everybody."""
        self._asked.clear()

    def _make_room(self) -> None:
        if len(self._asked) >= _MOST:
            limit = time.monotonic() - STALE_SECONDS
            self._asked = {k: asked for k, asked in self._asked.items() if asked.began > limit}

    async def _find(self, credential: Credential) -> Viewer | None:
        find: dict[Kind, Callable[[AsyncConnection, str], Awaitable[Viewer | None]]] = {
            Kind.TOKEN: self._of_token,
            Kind.SESSION: self._of_session,
        }
        async with self._connect() as conn:
            return await find[credential.kind](conn, credential.token)

    async def _of_token(self, conn: AsyncConnection, token: str) -> Viewer | None:
        info = await tokens.verify(conn, token, throwaway=self._throwaway)
        if info is None:
            return None
        role = Role(info.role)
        return Viewer(
            role=role,
            principal=info.name,
            # any number of one person's tokens share what the person may ask in a second
            subject=f"token:{info.id}" if info.account_id is None else f"account:{info.account_id}",
            kind=Kind.TOKEN,
            keys=scope_keys(role, info.communities, info.team),
            openings=await openings.open_for(conn, role, info.team),
            account_id=info.account_id,
        )

    async def _of_session(self, conn: AsyncConnection, token: str) -> Viewer | None:
        person = await sessions.person_of(conn, token, throwaway=self._throwaway)
        if person is None:
            return None
        role = Role(person.role)
        return Viewer(
            role=role,
            principal=person.username,
            subject=f"account:{person.account_id}",
            kind=Kind.SESSION,
            keys=scope_keys(role, person.communities, person.team),
            openings=await openings.open_for(conn, role, person.team),
            display_name=person.display_name,
            account_id=person.account_id,
            session_id=person.session_id,
            totp=person.totp,
            throwaway=person.throwaway,
        )


def scope_keys(
    role: Role, communities: list[str] | None, team: str | None
) -> tuple[str, ...] | None:
    """What the role's rows are held to: a caregiver's communities (None: all), a crew's name."""
    if role is Role.CARE and communities is not None:
        return tuple(sorted(communities))
    if role is Role.TEAM:
        return (team,) if team else ()
    return None


def is_formed(credential: Credential) -> bool:
    """Whether it could be one of ours at all: the database need not be asked about others."""
    return _FORMS[credential.kind].fullmatch(credential.token) is not None


def _failed(asked: _Asked) -> bool:
    return asked.answer.done() and (
        asked.answer.cancelled() or asked.answer.exception() is not None
    )


def _key(credential: Credential) -> Key:
    return credential.kind, credential.digest
