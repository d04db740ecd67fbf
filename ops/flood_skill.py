"""`muang flood skill`: the back-test of the forecast on a file of readings, as a table."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from layers.errors import BadRequestError
from layers.text import Text

FEET_M = 0.3048
CUBIC_FEET_M3 = FEET_M**3
NOTHING = -999999
"""How the USGS writes that there is no value."""


def skill(
    file: Annotated[Path, typer.Argument(help="ไฟล์ค่าที่วัด (Parquet, CSV) · a table of readings")],
    *,
    chain: Annotated[
        str,
        typer.Option(help="สถานีเรียงตามน้ำ คั่นด้วยจุลภาค · columns downstream, or parts of names"),
    ],
    quantity: Annotated[str, typer.Option(help="level | flow")] = "flow",
    feet: Annotated[bool, typer.Option(help="ฟุต · in feet or cubic feet a second")] = False,
    step_h: Annotated[float, typer.Option(help="ชั่วโมงต่อช่วง · hours of a step")] = 24.0,
    leads: Annotated[str, typer.Option(help="ชั่วโมงล่วงหน้า · hours ahead")] = (
        "24,48,72,96,120,144,168,192,216,240"
    ),
    max_lag_h: Annotated[float, typer.Option(help="เวลาเดินทางสูงสุด · longest lag")] = 96.0,
    monthly: Annotated[bool, typer.Option(help="ทดสอบทีละเดือน · folds are months")] = True,
    first_share: Annotated[
        float, typer.Option(help="ส่วนแรกที่ใช้เรียนรู้ · share only learnt from, without --monthly")
    ] = 0.3,
    warm_up: Annotated[int, typer.Option(help="จำนวนช่วงแรกที่ไม่นับ · folds not scored")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """วัดผลการคาดการณ์ย้อนหลัง · Score the forecast on the past, beside persistence."""
    from flood.record import markdown, score

    record = read(file, chain.split(","), quantity=quantity, feet=feet, step_h=step_h)
    skills = score(
        record,
        leads_h=[float(part) for part in leads.split(",")],
        max_lag_h=max_lag_h,
        monthly=monthly,
        first_share=first_share,
        warm_up=warm_up,
    )
    if as_json:
        told = {"gauge": list(record.values)[-1], "skill": [one.told() for one in skills]}
        print(json.dumps(told, ensure_ascii=False))
        return
    print("\n".join(markdown(skills)))


def read(file: Path, chain: list[str], *, quantity: str, feet: bool, step_h: float) -> Any:
    """The columns of a table as a `flood.record.Record` on an even grid.

    The table's index, or its first column of times, tells when; each part of `chain` names one
    column that holds it and is no qualifier. -999999 is nothing. BadRequestError names the column
    that is missing.
    """
    from flood.hydrograph import Quantity, on_grid
    from flood.record import Record

    table = _table(file)
    of = Quantity(quantity)
    factor = 1.0 if not feet else (FEET_M if of is Quantity.LEVEL else CUBIC_FEET_M3)
    start = table.index[0].to_pydatetime()
    span = (table.index[-1] - table.index[0]).total_seconds() / 3600.0
    steps = int(span // step_h) + 1
    at = table.index.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]")
    values = {}
    for part in chain:
        given = table[_column(list(table.columns), part)].to_numpy(dtype=float, copy=True)
        given[given <= NOTHING] = float("nan")
        values[part] = on_grid(at, given * factor, start=start, step_h=step_h, steps=steps)
    return Record(values, of, start, step_h)


def _table(file: Path) -> Any:
    import pandas as pd

    table = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    times = table.index if isinstance(table.index, pd.DatetimeIndex) else table.iloc[:, 0]
    return table.set_index(pd.DatetimeIndex(pd.to_datetime(times, utc=True))).sort_index()


def _column(columns: list[str], part: str) -> str:
    found = [name for name in columns if part in name and not name.endswith("_qualifiers")]
    if len(found) != 1:
        raise BadRequestError(
            Text(
                th=f"“{part}” ตรงกับ {len(found)} คอลัมน์ ต้องตรงหนึ่งคอลัมน์",
                en=f"“{part}” is part of the names of {len(found)} columns; it must be of one.",
            )
        )
    return found[0]
