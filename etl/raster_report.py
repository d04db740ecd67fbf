"""The report of a raster's import, and its lines. Cells with a value read = loaded + refused."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from etl.report import Told
from etl.words import Speaker, Tongue, findings_lines
from layers.text import Text


class CellRefusals(BaseModel):
    """Cells left out for one reason, and how many."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Text
    count: int


class RasterReport(BaseModel):
    """What became of a raster file. Values and `cell_m` in metres, `bounds` w, s, e, n degrees.

    `cells` is columns x rows of the file as given; `read` of them hold a value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: Literal["raster"] = "raster"
    raster: str
    town: str
    dry_run: bool
    source: str
    file: str
    sha256: str = ""
    bytes: int = 0
    crs: str = ""
    crs_evidence: Text | None = None
    operation: str | None = None
    operation_codes: tuple[str, ...] = ()
    operation_accuracy_m: float | None = None
    columns: int
    rows: int
    dtype: str
    nodata: str | None
    datum: str | None
    made_columns: int
    made_rows: int
    cell_m: float
    minimum: float
    maximum: float
    bounds: tuple[float, float, float, float]
    cells: int
    read: int
    loaded: int
    refused: int
    refusals: tuple[CellRefusals, ...] = ()
    findings: tuple[Told, ...] = ()
    stored: str | None = None
    dataset_id: int | None = None
    seconds: float = 0.0

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.read != self.loaded + self.refused:
            raise ValueError(
                f"read {self.read} is not loaded {self.loaded} + refused {self.refused}"
            )
        if self.refused != sum(group.count for group in self.refusals):
            raise ValueError("refused cells and their reasons do not add up")
        return self


def render_raster(report: RasterReport, tongue: Tongue = "both") -> str:
    """The whole report as lines of text."""
    said = Speaker(tongue)
    dry = Text(th=" ทดลอง ไม่บันทึก", en=" dry run, nothing kept")
    lines = [
        said(
            Text(
                th=f"นำเข้าแรสเตอร์ {report.raster} ของเมือง {report.town}",
                en=f"Raster {report.raster} into {report.town}",
            )
        )
        + (said(dry) if report.dry_run else ""),
    ]
    size = f"{report.columns} x {report.rows}, {report.bytes:,} bytes"
    digest = f"sha256 {report.sha256[:16]}…"
    lines.append(f"  {report.file}: GeoTIFF {report.dtype}, {size}, {digest}")
    if report.crs_evidence:
        lines.append(f"  {report.crs}: {said(report.crs_evidence)}; {report.operation}")
    nothing = report.cells - report.read
    lines.append(
        said(
            Text(
                th=f"  ช่อง {report.cells:,} ว่าง {nothing:,} อ่าน {report.read:,} = "
                f"รับ {report.loaded:,} + ไม่รับ {report.refused:,}",
                en=f"  cells {report.cells:,}, empty {nothing:,}; read {report.read:,} = "
                f"loaded {report.loaded:,} + refused {report.refused:,}",
            )
        )
    )
    lines += [f"  - {group.count:,}: {said(group.reason)}" for group in report.refusals]
    datum = report.datum or said(Text(th="ไม่ได้บอก", en="not stated"))
    lines.append(
        said(
            Text(
                th=f"  ค่า {report.minimum:.2f} ถึง {report.maximum:.2f} ม. "
                f"ช่องละ {report.cell_m:.2f} ม. ระดับอ้างอิง: {datum}",
                en=f"  values {report.minimum:.2f} to {report.maximum:.2f} m, cells of "
                f"{report.cell_m:.2f} m, datum: {datum}",
            )
        )
    )
    lines += findings_lines(report.findings, said)
    if report.dataset_id is not None:
        number = report.dataset_id
        lines.append(
            said(
                Text(
                    th=f"ชุดข้อมูลหมายเลข {number} ดูด้วย ./muang imports show {number} "
                    f"ยกเลิกด้วย ./muang imports undo {number}",
                    en=f"dataset {number} (see it: ./muang imports show {number}; "
                    f"take it back: ./muang imports undo {number}); {report.seconds:.1f} s",
                )
            )
        )
    return "\n".join(lines)
