"""Every error leaves as RFC 9457 problem+json: one status table, one shape, two languages.

`instance` is an id that is also in the log; the text of an unexpected error never leaves.
"""

import logging
from http import HTTPStatus
from typing import Any

import orjson
import psycopg
import psycopg.errors
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api import cookies, validation
from db.codes import CodeNeededError
from db.editing import OutdatedError
from db.sessions import KnownBrowserNeededError
from layers.errors import (
    BadRequestError,
    ConfirmError,
    ConflictError,
    ForbiddenError,
    MuangError,
    NoSuchRangeError,
    NotFoundError,
    RefusedError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
)
from layers.text import Lang, Text

MEDIA_TYPE = "application/problem+json"
log = logging.getLogger("muang.problem")


class MethodNotAllowedError(BadRequestError):
    """The address exists, the method does not."""

    title = Text(th="วิธีเรียกไม่ถูกต้อง", en="Method not allowed")


class TooLargeError(BadRequestError):
    """The request is larger than the server reads."""

    title = Text(th="คำขอใหญ่เกินไป", en="The request is too large")


class MisdirectedError(BadRequestError):
    """The request names a host this server does not answer for."""

    title = Text(th="ที่อยู่ไม่ใช่ของระบบนี้", en="Not the address of this system")


class TooSlowError(UnavailableError):
    """The database stopped the statement because it took too long."""

    title = Text(th="ใช้เวลานานเกินไป", en="Took too long")


STATUS: dict[type[MuangError], int] = {
    MethodNotAllowedError: 405,
    TooLargeError: 413,
    MisdirectedError: 421,
    BadRequestError: 400,
    CodeNeededError: 401,
    UnauthenticatedError: 401,
    KnownBrowserNeededError: 403,
    ForbiddenError: 403,
    NotFoundError: 404,
    NoSuchRangeError: 416,
    ConfirmError: 409,
    ConflictError: 409,
    OutdatedError: 412,
    RefusedError: 422,
    TooManyRequestsError: 429,
    TooSlowError: 503,
    UnavailableError: 503,
    MuangError: 500,
}
"""HTTP status of each error; the nearest class in the error's ancestry counts."""

HEADERS: dict[type[MuangError], dict[str, str]] = {
    UnauthenticatedError: {"WWW-Authenticate": 'Bearer realm="muang"'},
    UnavailableError: {"Retry-After": "5"},
}


class FieldProblem(BaseModel):
    """One part of a request that could not be understood."""

    where: str = Field(description="Place in the request, such as query.limit or body.flood")
    detail: str = Field(description="What is wrong with it, in the caller's language")


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = Field(description="Stable name of the kind of problem, a URN")
    title: str = Field(description="The kind of problem in the caller's language")
    status: int = Field(description="HTTP status")
    detail: str = Field(description="What happened and what to do, in the caller's language")
    instance: str = Field(description="Id of this event, also written in the server's log")
    errors: list[FieldProblem] | None = Field(
        default=None, description="Parts of the request that could not be understood"
    )
    current: dict[str, Any] | None = Field(
        default=None, description="Of a lost update: the record as it is now"
    )
    sent: dict[str, Any] | None = Field(
        default=None, description="Of a lost update: what was sent, with the version it was made of"
    )


def status_of(error: MuangError) -> int:
    """HTTP status of an error."""
    for cls in type(error).__mro__:
        if cls in STATUS:
            return STATUS[cls]
    return 500


def kind_of(error: MuangError) -> str:
    """URN naming the kind of problem, the same in every language and release."""
    for cls in type(error).__mro__:
        if cls in STATUS and cls is not MuangError:
            words = cls.__name__.removesuffix("Error")
            return "urn:muang:problem:" + "".join(
                f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(words)
            )
    return "urn:muang:problem:unexpected"


def response(exc: BaseException, *, lang: Lang, event_id: str) -> Response:
    """The problem+json response of any exception, logging what must not leave."""
    error = translate(exc, event_id)
    status = status_of(error)
    # the database refused what our own rules let through: the line to look for first
    second_guard = isinstance(exc, psycopg.errors.InsufficientPrivilege)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or second_guard:
        log.error("problem %s", event_id, exc_info=exc, extra={"instance": event_id})
    body: dict[str, Any] = {
        "type": kind_of(error),
        "title": error.title.get(lang),
        "status": status,
        "detail": error.detail.get(lang),
        "instance": event_id,
    }
    if isinstance(exc, RequestValidationError):
        body["errors"] = [
            {"where": part.where, "detail": part.detail.get(lang)} for part in validation.parts(exc)
        ]
    if isinstance(error, OutdatedError):
        body.update(error.facts)
    made = Response(
        orjson.dumps(body),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "Content-Language": lang},
    )
    for cls in type(error).__mro__:
        made.headers.update(HEADERS.get(cls, {}))
    for fact, header in (("allow", "Allow"), ("seconds", "Retry-After")):
        if fact in error.facts:
            made.headers[header] = str(error.facts[fact])
    if "forget_cookie" in error.facts:
        made.headers["Set-Cookie"] = cookies.ended(str(error.facts["forget_cookie"]))
    if isinstance(exc, HTTPException) and exc.headers:
        made.headers.update(exc.headers)
    return made


def translate(exc: BaseException, event_id: str) -> MuangError:
    """Any exception as one of ours; an unknown one becomes a sentence with the event's id."""
    if isinstance(exc, MuangError):
        return exc
    if isinstance(exc, RequestValidationError):
        return BadRequestError(validation.summary(exc))
    if isinstance(exc, HTTPException):
        return _of_http(exc)
    return _of_driver(exc) or MuangError(
        Text(
            th=f"ระบบขัดข้องโดยไม่คาดคิด แจ้งผู้ดูแลระบบพร้อมรหัสนี้: {event_id}",
            en="Something unexpected went wrong. Tell the people who look after the system "
            f"this id: {event_id}",
        )
    )


def _of_http(exc: HTTPException) -> MuangError:
    if isinstance(exc.__cause__, MuangError):
        # raised while the framework read the body, which makes every error a bare 400
        return exc.__cause__
    if exc.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            Text(
                th="ไม่มีหน้านี้ในระบบ ดูที่อยู่ทั้งหมดได้ที่ /docs",
                en="There is nothing at this address. All addresses are listed at /docs.",
            )
        )
    if exc.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (exc.headers or {}).get("Allow", "GET")
        return MethodNotAllowedError(
            Text(
                th=f"ที่อยู่นี้เรียกด้วยวิธีนี้ไม่ได้ วิธีที่ใช้ได้คือ {allowed}",
                en=f"This address does not answer this method. It answers {allowed}.",
            )
        )
    return BadRequestError(
        Text(
            th="อ่านคำขอไม่ได้ ตรวจรูปแบบของคำขอกับ /docs",
            en="The request cannot be read. Compare it with /docs.",
        )
    )


def _of_driver(exc: BaseException) -> MuangError | None:
    if isinstance(exc, psycopg.errors.QueryCanceled):
        return TooSlowError(
            Text(
                th="คำถามนี้ใช้เวลานานเกินกำหนด ลองถามพื้นที่เล็กลงหรือซูมเข้า",
                en="This took longer than allowed. Ask about a smaller area, or zoom in.",
            )
        )
    if isinstance(exc, psycopg.errors.InsufficientPrivilege):
        return ForbiddenError(
            Text(
                th="สิทธิ์ของผู้ใช้นี้ดูข้อมูลนี้ไม่ได้",
                en="This user's role may not see this.",
            )
        )
    if isinstance(exc, TooManyRequests | PoolTimeout):
        return UnavailableError(
            Text(
                th="ขณะนี้มีผู้ใช้พร้อมกันมาก ลองใหม่ในอีกสักครู่",
                en="Too many people are asking at once. Try again in a moment.",
            )
        )
    if isinstance(exc, psycopg.OperationalError | PoolClosed):
        return UnavailableError(
            Text(
                th="ติดต่อฐานข้อมูลไม่ได้ในขณะนี้ ลองใหม่ในอีกสักครู่",
                en="The database cannot be reached at the moment. Try again shortly.",
            )
        )
    if isinstance(exc, psycopg.DataError):
        return BadRequestError(
            Text(
                th="มีค่าในคำขอที่ฐานข้อมูลอ่านไม่ได้ ตรวจค่าที่ส่งมา",
                en="A value in the request cannot be read. Check the values sent.",
            )
        )
    return None
