"""What somebody declares of a feed: which of its stations are whose, and how its rows are read."""

import re
from datetime import timedelta, timezone
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from etl.feeds.parsed import Series
from layers.errors import BadRequestError
from layers.text import Text

Path = Annotated[str, Field(min_length=1, max_length=200)]

LENGTHS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}
DEPTHS_MM = {"mm": 1.0, "cm": 10.0, "in": 25.4}
FLOWS = {"m3/s": 1.0, "l/s": 0.001, "ft3/s": 0.3048**3}


class Mapping(BaseModel):
    """How a feed is read; most of it is for kind `mapper` only.

    Paths name members with dots, list places with numbers: `data.0.level`. For CSV a path is a
    column's name. `=M.7` in place of a path is that very text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    stations: dict[str, str] = Field(
        default={}, max_length=5000, description="a source's station code -> the town's code"
    )
    series: Series = Field(default=Series.LEVEL, description="where readings belong")
    format: Literal["json", "csv"] = "json"
    rows: str = Field(
        default="", max_length=200, description="path of the list of rows; empty: all"
    )
    station: Path | None = None
    at: Path | None = None
    value: Path | None = None
    discharge: Path | None = None
    time: Literal["auto", "epoch_s", "epoch_ms"] = Field(
        default="auto",
        description="auto reads ISO, day-first and Buddhist-era dates; epoch counts from 1970",
    )
    month_first: bool = False
    short_buddhist: bool = Field(default=False, description="a two-digit year 69 is 2569")
    offset: str = Field(
        default="+07:00", pattern=r"[+-]\d{2}:\d{2}", description="offset of times without one"
    )
    unit: str = Field(default="m", description="m cm mm ft for levels and tides, mm cm in for rain")
    discharge_unit: str = "m3/s"
    level_is: Literal["msl", "staff"] = Field(
        default="msl", description="staff: above the gauge's zero, which the town has recorded"
    )
    add_m: float = Field(
        default=0.0, ge=-10_000, le=10_000, description="added to levels: datum of source to MSL"
    )
    missing: list[str] = Field(
        default=["-999", "-9999", "-999999"], max_length=50, description='what means "no value"'
    )
    delimiter: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "cp874"] = "utf-8"
    seen_at: Path | None = Field(
        default=None, description="gistda: property with the time of the satellite's pass"
    )
    near_km: float = Field(
        default=30.0, gt=0, le=500, description="gistda: how far around the town zones are kept"
    )

    @model_validator(mode="after")
    def _has_units_it_knows(self) -> Self:
        lengths = DEPTHS_MM if self.series is Series.RAIN else LENGTHS
        if self.unit not in lengths:
            raise ValueError(f"unit {self.unit!r}: one of {' '.join(lengths)}")
        if self.discharge_unit not in FLOWS:
            raise ValueError(f"discharge_unit {self.discharge_unit!r}: one of {' '.join(FLOWS)}")
        return self

    @property
    def zone(self) -> timezone:
        """The offset of times that tell none."""
        hours, minutes = map(int, self.offset[1:].split(":"))
        shift = timedelta(hours=hours, minutes=minutes)
        return timezone(-shift if self.offset[0] == "-" else shift)


def read_mapping(told: object, kind: str) -> Mapping:
    """A declaration from JSON, checked; BadRequestError says what is wrong with it."""
    try:
        made = Mapping.model_validate(told)
    except ValidationError as error:
        what = "; ".join(
            f"{'.'.join(map(str, each['loc'])) or 'mapping'}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)[:5]
        )
        raise BadRequestError(
            Text(th=f"คำอธิบายฟีด (mapping) ไม่ถูกต้อง: {what}", en=f"The mapping is not right: {what}")
        ) from None
    if kind == "mapper" and not (made.station and made.at and (made.value or made.discharge)):
        raise BadRequestError(
            Text(
                th="ฟีดชนิด mapper ต้องบอก station, at และ value หรือ discharge",
                en="A feed of kind mapper has to say station, at, and value or discharge.",
            )
        )
    return made


_STEP = re.compile(r"\d+")


def follow(row: object, path: str) -> object:
    """What a path leads to in a document; None where it leads nowhere."""
    if path.startswith("="):
        return path[1:]
    if isinstance(row, dict) and path in row:
        return row[path]
    for step in path.split("."):
        if isinstance(row, dict):
            row = row.get(step)
        elif isinstance(row, list) and _STEP.fullmatch(step) and int(step) < len(row):
            row = row[int(step)]
        else:
            return None
    return row
