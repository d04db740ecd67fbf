"""The flood of a forecast moment: the stage of the library that is nearest to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from db import forecasts
from layers.errors import NotFoundError
from layers.forecast_age import old_forecast
from layers.text import Text

NEAR_M = 0.5
"""A forecast this far below the lowest stage on the map is still taken for that stage."""


@dataclass(frozen=True)
class Stage:
    """What a gauge is forecast to show at a moment (m MSL), and the stage that stands for it.

    The forecast counts from the reading of `origin` and was asked at `clock`; answers kept before
    these were told have neither.
    """

    gauge: str
    at: datetime
    likely_m: float
    low_m: float
    high_m: float
    stage_m: float
    highest_m: float
    origin: datetime | None = None
    clock: datetime | None = None

    @property
    def caveats(self) -> tuple[Text, ...]:
        """What to know of such a flood."""
        found = []
        if self.origin is not None and self.clock is not None:
            old = old_forecast(self.origin, self.clock)
            found += [] if old is None else [old]
        found.append(
            Text(
                th=f"น้ำที่สถานี {self.gauge} คาดว่า {self.likely_m:.2f} ม.รทก. "
                f"({self.low_m:.2f} ถึง {self.high_m:.2f}) ใช้แผนที่น้ำที่ระดับ {self.stage_m:.2f} ม.",
                en=f"Gauge {self.gauge} is forecast at {self.likely_m:.2f} m MSL "
                f"({self.low_m:.2f} to {self.high_m:.2f}); the flood mapped at "
                f"{self.stage_m:.2f} m stands for it.",
            )
        )
        if self.likely_m > self.highest_m:
            found.append(
                Text(
                    th=f"ระดับที่คาดสูงกว่าแผนที่น้ำสูงสุด ({self.highest_m:.2f} ม.) ตัวเลขจึงเป็นอย่างน้อย",
                    en=f"The forecast is above the highest stage mapped ({self.highest_m:.2f} m): "
                    "the figures are the least.",
                )
            )
        return tuple(found)


async def stage_of(conn: AsyncConnection[Any], gauge: str, at: datetime) -> Stage:
    """The mapped stage nearest to the forecast of a gauge at a moment.

    NotFoundError where there is no forecast or no map of stages, and where the forecast is lower
    than any mapped stage; BadRequestError for a moment outside the forecast.
    """
    told = await forecasts.stage_at(conn, gauge, at)
    cursor = await conn.execute(
        "SELECT stage_m FROM flood_zones WHERE kind = 'stage' AND gauge = %s"
        " AND stage_m IS NOT NULL GROUP BY stage_m ORDER BY stage_m",
        [gauge],
    )
    mapped = [float(row[0]) for row in await cursor.fetchall()]
    if not mapped:
        raise NotFoundError(
            Text(
                th=f"ยังไม่มีแผนที่น้ำตามระดับของสถานี {gauge}",
                en=f"No flood is mapped for stages of gauge {gauge} yet.",
            )
        )
    likely = told.likely_m
    if likely < mapped[0] - NEAR_M:
        raise NotFoundError(
            Text(
                th=f"น้ำที่สถานี {gauge} คาดว่า {likely:.2f} ม.รทก. ต่ำกว่าระดับต่ำสุดที่มีแผนที่น้ำ "
                f"({mapped[0]:.2f} ม.)",
                en=f"Gauge {gauge} is forecast at {likely:.2f} m MSL, below the lowest stage "
                f"mapped ({mapped[0]:.2f} m).",
            )
        )
    nearest = min(mapped, key=lambda stage: (abs(stage - likely), -stage))
    return Stage(
        *(gauge, at, likely, told.low_m, told.high_m, nearest, mapped[-1]),
        *(told.origin, told.clock),
    )
