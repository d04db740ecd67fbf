"""Answers to geo-queries, kept with what was asked: their proof, by which they are asked again."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from layers.errors import NotFoundError
from layers.model import Role
from layers.text import Text

Connection = AsyncConnection[Any]


@dataclass(frozen=True)
class Answer:
    """One answer: what kind of query (`impact`, …), what was asked, what was said, on which pos.

    `request` and `response` are JSON objects; `pos` is the position all layers were read at.
    """

    id: uuid.UUID
    kind: str
    computed_at: datetime
    pos: int
    request: dict[str, Any]
    response: dict[str, Any]


async def keep(conn: Connection, answer: Answer, role: Role, fingerprint: str | None) -> None:
    """Store an answer under its id; needs the `service` login.

    `fingerprint` stands for what the person may see now, for an answer made of rows which vary by
    person: it is given again only to somebody with the same. None: to everybody of the role.
    """
    await conn.execute(
        "INSERT INTO muang.answer"
        " (id, kind, computed_at, pos, role, request, response, fingerprint)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            answer.id,
            answer.kind,
            answer.computed_at,
            answer.pos,
            str(role),
            Jsonb(answer.request, dumps=_dumps),
            Jsonb(answer.response, dumps=_dumps),
            fingerprint,
        ],
    )


async def kept(conn: Connection, answer_id: uuid.UUID, role: Role, fingerprint: str) -> Answer:
    """The answer kept under an id; needs the `service` login.

    NotFoundError also when it was given to another role, or holds what this person may not see
    now: another scope, an event that is over.
    """
    cursor = await conn.execute(
        "SELECT id, kind, computed_at, pos, request, response FROM muang.answer"
        " WHERE id = %s AND role = %s AND (fingerprint IS NULL OR fingerprint = %s)",
        [answer_id, str(role), fingerprint],
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFoundError(
            Text(th=f"ไม่มีคำตอบหมายเลข {answer_id}", en=f"There is no answer {answer_id}.")
        )
    return Answer(*row)


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
