"""The clock on the wall: whether somebody set it while we were looking."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from layers.feed_health import lasted
from layers.text import Text

_JUMP_S = 60.0
"""The wall clock moved so much against the machine's own: it was set, and times are doubted."""
_DOUBTED_S = 3600.0


@dataclass
class Wall:
    """The clock on the wall and the machine's own, which nobody can set."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    steady: Callable[[], float] = time.monotonic
    _apart: float | None = None
    _jumped: tuple[float, float] | None = None

    def look(self) -> float:
        """Seconds the wall clock was moved by since the last look; 0: it runs as it should."""
        steady = self.steady()
        apart = self.now().timestamp() - steady
        moved = 0.0 if self._apart is None else apart - self._apart
        self._apart = apart
        if abs(moved) < _JUMP_S:
            return 0.0
        self._jumped = (steady, moved)
        return moved

    @property
    def doubt(self) -> Text | None:
        """What to say of times for a while after the clock was set."""
        if self._jumped is None or self.steady() - self._jumped[0] > _DOUBTED_S:
            return None
        moved = self._jumped[1]
        length = lasted(abs(moved))
        return Text(
            th=f"นาฬิกาของเครื่องนี้ถูกปรับ{'ไปข้างหน้า' if moved > 0 else 'ถอยหลัง'} {length.th} "
            "อายุของค่าที่วัดอาจไม่ถูกต้อง",
            en=f"The clock of this machine was put {'forward' if moved > 0 else 'back'} by "
            f"{length.en}: ages of readings may be wrong.",
        )
