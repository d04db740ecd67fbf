"""The one error tree. Every error carries a sentence a town officer understands, in two languages.

HTTP statuses are assigned in `api.problems`, exit statuses in `ops.cli`; nothing here knows either.
"""

from layers.text import Text


class MuangError(Exception):
    """Base of every error the platform raises on purpose.

    `title` names the kind of trouble, `detail` says what happened and what to do about it.
    """

    title = Text(th="เกิดข้อผิดพลาด", en="Something went wrong")

    def __init__(self, detail: Text, **facts: object) -> None:
        super().__init__(detail.en)
        self.detail = detail
        self.facts = facts


class BadRequestError(MuangError):
    """The request or the command cannot be understood."""

    title = Text(th="คำขอไม่ถูกต้อง", en="The request is not right")


class UnauthenticatedError(MuangError):
    """The caller's token or sign-in is missing, expired or revoked."""

    title = Text(th="ต้องลงชื่อเข้าใช้", en="Sign-in needed")


class ForbiddenError(MuangError):
    """The caller's role may not do or see this."""

    title = Text(th="ไม่มีสิทธิ์", en="Not allowed")


class TooManyRequestsError(MuangError):
    """The caller is asking too often; `facts["seconds"]` says when to come back."""

    title = Text(th="เรียกถี่เกินไป", en="Too many requests")


class NotFoundError(MuangError):
    """There is no such thing, or not for this caller."""

    title = Text(th="ไม่พบข้อมูล", en="Not found")


class NoSuchRangeError(MuangError):
    """The file has no such range of bytes."""

    title = Text(th="ไม่มีช่วงไบต์ที่ขอ", en="No such range")


class ConflictError(MuangError):
    """Something already exists or changed meanwhile."""

    title = Text(th="ข้อมูลขัดแย้งกัน", en="Conflict")


class ConfirmError(ConflictError):
    """What was sent is possible but odd: sent again with `confirm`, it is done."""

    title = Text(th="โปรดยืนยัน", en="Please confirm")


class RefusedError(MuangError):
    """A file or a record was understood and refused for a stated reason."""

    title = Text(th="ไม่รับข้อมูล", en="Refused")


class UnavailableError(MuangError):
    """A part the answer needs (database, file, tool) is not there at the moment."""

    title = Text(th="ระบบยังไม่พร้อม", en="Not available")
