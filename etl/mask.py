"""What reports may repeat of a file's cells: never a citizen's number, nothing of a personal field.

Reports are stored, printed and mailed on; the rows themselves, with their persons, are kept where
only those who may see them can.
"""

import re

from etl.thai import arabic
from layers.model import Field

HIDDEN = "•••"
_LONG = 60
# 13 digits, bare or as on the card (1-2345-67890-12-3), Arabic or Thai
_CITIZEN = re.compile(r"(?<![\d๐-๙])(?:[\d๐-๙][ \-–.]?){12}[\d๐-๙](?![\d๐-๙])")
_PHONE = re.compile(r"(?<![\d๐-๙])[0๐](?:[ \-]?[\d๐-๙]){8,9}(?![\d๐-๙])")
_PERSONAL = re.compile(
    r"(เจ้าของ|ผู้ขอ|ผู้ถือ|ผู้ป่วย|ผู้รับ|ผู้ดูแล|ชื่อ.?สกุล|นามสกุล|บัตรประชาชน|ประชาชน|เลขบัตร|โทร|มือถือ|เบอร์"
    r"|owner|holder|applicant|patient|carer|citizen|idcard|id_card|pid\b|national.?id|phone|mobile|tel\b"
    r"|surname|lastname|last_name|firstname|first_name|email|e_mail|passport)",
    re.IGNORECASE,
)


def shown(cell: object, field: Field | None = None) -> str:
    """A cell as an example in a report; of a personal field only that there was something."""
    if field is not None and field.personal:
        return HIDDEN
    return _PHONE.sub(HIDDEN, _CITIZEN.sub(HIDDEN, str(cell)))[:_LONG]


def is_citizen_id(cell: object) -> bool:
    """Whether a cell is a 13-digit number with a right check digit, however it is written."""
    digits = re.sub(r"[ \-–.]", "", arabic(str(cell)))
    if not re.fullmatch(r"[0-9]{13}", digits):
        return False
    weighed = sum(
        int(digit) * weight for digit, weight in zip(digits, range(13, 1, -1), strict=False)
    )
    return (11 - weighed % 11) % 10 == int(digits[12])


def looks_personal(column: str) -> bool:
    """Whether a column's name says that it is about persons."""
    return _PERSONAL.search(column) is not None
