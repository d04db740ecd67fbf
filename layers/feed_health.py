"""What to say of a feed: pure, from what is on record and the time it is now.

It does not rest on the process that polls: when that one is dead, time alone makes a feed stale.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from layers.text import Text

_AHEAD = timedelta(minutes=2)
_LEAST_S = 60.0
_MISSED = 3
"""So many intervals without an answer make a feed stale."""
_DAY_S, _HOUR_S, _MINUTE_S = 86_400, 3_600, 60


class Health(StrEnum):
    """`suspect` answers, but what it says or this machine's clock cannot be right."""

    GOOD = "good"
    FAILING = "failing"
    SUSPECT = "suspect"
    STALE = "stale"
    WAITING = "waiting"
    PAUSED = "paused"


@dataclass(frozen=True)
class Facts:
    """What is on record of a feed."""

    enabled: bool
    interval_s: float
    added_at: datetime
    succeeded_at: datetime | None
    newest_at: datetime | None
    error: Text | None
    doubt: Text | None


def stale_after_s(interval_s: float) -> float:
    """Seconds without a good answer after which a feed is stale."""
    return max(_LEAST_S, _MISSED * interval_s)


def health(facts: Facts, now: datetime) -> tuple[Health, Text]:
    """The state of a feed and one sentence about it."""
    if not facts.enabled:
        return Health.PAUSED, Text(th="หยุดถามไว้", en="Paused.")
    since = facts.succeeded_at or facts.added_at
    silent_s = (now - since).total_seconds()
    because = facts.error or Text(th="ไม่มีใครถามแหล่งข้อมูล", en="Nobody asks the source.")
    if since > now + _AHEAD:
        return Health.SUSPECT, Text(
            th="นาฬิกาของเครื่องนี้ถูกปรับ: คำตอบล่าสุดอยู่ในอนาคต",
            en="The clock of this machine was changed: the last answer lies in the future.",
        )
    if silent_s > stale_after_s(facts.interval_s):
        length = lasted(silent_s)
        return Health.STALE, Text(
            th=f"⚠ ไม่ได้ข้อมูลใหม่มา {length.th}: {because.th}",
            en=f"⚠ Nothing for {length.en}: {because.en}",
        )
    return _of_one_that_answers(facts)


def _of_one_that_answers(facts: Facts) -> tuple[Health, Text]:
    if facts.doubt is not None:
        return Health.SUSPECT, Text(th=f"⚠ {facts.doubt.th}", en=f"⚠ {facts.doubt.en}")
    if facts.error is not None:
        return Health.FAILING, facts.error
    if facts.succeeded_at is None:
        return Health.WAITING, Text(
            th="กำลังจะถามครั้งแรก", en="About to be asked for the first time."
        )
    return Health.GOOD, Text(th="ปกติ", en="In order.")


def lasted(seconds: float) -> Text:
    """A length of time in words: days, hours or minutes."""
    if seconds >= 2 * _DAY_S:
        days = int(seconds // _DAY_S)
        return Text(th=f"{days:,} วัน", en=f"{days:,} days")
    if seconds >= 2 * _HOUR_S:
        hours = int(seconds // _HOUR_S)
        return Text(th=f"{hours} ชั่วโมง", en=f"{hours} hours")
    if seconds >= 2 * _MINUTE_S:
        minutes = int(seconds // _MINUTE_S)
        return Text(th=f"{minutes} นาที", en=f"{minutes} minutes")
    return Text(th=f"{seconds:.0f} วินาที", en=f"{seconds:.0f} s")
