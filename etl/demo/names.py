"""Fictional names and numbers: Thai names put together from common words, telephone 000-."""

import numpy as np

from etl.demo.network import IntArray

_GIVEN = (
    "ใบบัว", "ต้นกล้า", "ฟ้าใส", "ดอกแก้ว", "สายน้ำ", "ดาวเหนือ", "ข้าวหอม", "แสงเทียน", "ใบไผ่", "ดอกฝ้าย",
    "ทรายแก้ว", "ลมโชย", "ฝนพรำ", "เมฆขาว", "ตะวันฉาย", "จันทร์แจ่ม", "ดอกจาน", "ทุ่งทอง", "ต้นสน", "น้ำค้าง",
    "หมอกบาง", "รวงข้าว", "ดอกคูณ", "ไม้หอม", "ปลายฟ้า", "ลานดาว", "ผืนดิน", "ริ้วคลื่น", "เปลวแดด", "ก้อนหิน",
    "ดอกรัก", "ใบเตย", "ดินดี", "ฝั่งน้ำ", "ปีกนก", "สายรุ้ง", "เกล็ดแก้ว", "กิ่งไผ่", "ยอดข้าว", "กลีบบัว",
    "ต้นตาล", "ลูกคลื่น", "ดอกหญ้า", "ทางช้าง", "ปุยเมฆ", "น้ำทิพย์", "ใบโพธิ์", "เรือน้อย", "พายลม", "แสงเช้า",
)  # fmt: skip
_FAMILY_FIRST = (
    "ทุ่ง", "นา", "ไร่", "สวน", "ห้วย", "หนอง", "ริม", "ชาย", "ลาน", "ธาร", "โนน", "ป่า", "คลอง", "เนิน",
)  # fmt: skip
_FAMILY_LAST = (
    "ฟ้ากว้าง", "ข้าวเขียว", "ไผ่งาม", "ลมเย็น", "ดาวพราว", "หมอกขาว", "ทองสุก", "น้ำนิ่ง", "แดดอุ่น", "บัวบาน",
    "หินเรียบ", "ดอกแดง", "ปลาชุม", "นกร้อง", "ต้นสูง", "ใบหนา", "ทรายละเอียด", "ฝนแรก",
    "เรือจอด", "ควายเดิน",
)  # fmt: skip
_MAN, _WIFE, _MISS = "นาย", "นาง", "นางสาว"


def people(count: int, rng: np.random.Generator, *, women: float = 0.5) -> list[str]:
    """Full names of fictional people; `women` is the share of women's titles."""
    given = rng.integers(0, len(_GIVEN), count).tolist()
    first = rng.integers(0, len(_FAMILY_FIRST), count).tolist()
    last = rng.integers(0, len(_FAMILY_LAST), count).tolist()
    is_woman = rng.random(count) < women
    married = rng.random(count) < 0.7  # noqa: PLR2004 - share of titles
    titles = np.where(is_woman, np.where(married, _WIFE, _MISS), _MAN).tolist()
    return [
        f"{title}{_GIVEN[g]} {_FAMILY_FIRST[f]}{_FAMILY_LAST[w]}"
        for title, g, f, w in zip(titles, given, first, last, strict=True)
    ]


def phones(count: int, rng: np.random.Generator) -> list[str]:
    """Telephone numbers no line can have: prefix 000."""
    digits = rng.integers(0, 10_000_000, count).tolist()
    return [f"000-{n // 10_000:03d}-{n % 10_000:04d}" for n in digits]


def sprinkle(values: list[str], share: float, rng: np.random.Generator) -> list[str | None]:
    """The values with all but a share of them unknown."""
    known = rng.random(len(values)) < share
    return [value if keep else None for value, keep in zip(values, known.tolist(), strict=True)]


def pick(
    options: tuple[str, ...], chances: tuple[float, ...], count: int, rng: np.random.Generator
) -> list[str]:
    """`count` options drawn with the given chances (they are scaled to 1)."""
    p = np.asarray(chances) / np.sum(chances)
    chosen: IntArray = rng.choice(len(options), size=count, p=p)
    return [options[i] for i in chosen.tolist()]
