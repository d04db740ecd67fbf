"""Child records made from a joined table: the uses of a parcel, one for each kind of use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from etl.join import Rows
from etl.steps import Refused
from etl.values import Value
from layers import catalog
from layers.model import Layer
from layers.text import Text


@dataclass(frozen=True)
class ChildRule:
    """How a table's rows become records: the child's layer, its link, its group, its sums.

    `sums` are child field -> field of the parent layer the table's column was mapped to.
    """

    layer: str
    link: str
    group: str
    sums: Mapping[str, str]


RULES: Mapping[str, ChildRule] = {
    "parcels": ChildRule(
        layer="parcel_uses",
        link="parcel_code",
        group="use",
        sums={"area_m2": "area_deed_m2", "appraised_value": "appraised_value"},
    )
}


@dataclass(frozen=True)
class Children:
    """Records of the child layer, and the table rows that went into none, with reasons."""

    layer: Layer
    columns: tuple[str, ...]
    records: tuple[tuple[Value, ...], ...]
    table_rows: int
    refused: tuple[Refused, ...]


def makes_children(parent: Layer, rows: Rows) -> bool:
    """Whether child records can be made of a joined table: it says what they are grouped by."""
    rule = RULES.get(parent.id)
    return rule is not None and any(value is not None for value in rows.columns.get(rule.group, ()))


def make_children(parent: Layer, rows: Rows, table_rows: int, codes: Mapping[str, str]) -> Children:
    """Group the joined rows by parent and group field.

    `codes` are the parents' own codes by join key, of the rows that were loaded only.
    """
    rule = RULES[parent.id]
    groups = rows.columns[rule.group]
    sums = {child: name for child, name in rule.sums.items() if name in rows.columns}
    made: dict[tuple[str, str], list[int]] = {}
    refused: list[Refused] = []
    for at, (key, group) in enumerate(zip(rows.keys, groups, strict=True)):
        code = codes.get(key) if key is not None else None
        if code is None or group is None:
            refused.append(Refused(at + 1, _reason(key, code)))
        else:
            made.setdefault((code, str(group)), []).append(at)
    records = tuple(
        (code, group, *(_total(rows.columns[name], positions) for name in sums.values()))
        for (code, group), positions in made.items()
    )
    return Children(
        layer=catalog.get(rule.layer),
        columns=(rule.link, rule.group, *sums),
        records=records,
        table_rows=table_rows,
        refused=tuple(refused),
    )


def _total(cells: Sequence[Value], positions: Sequence[int]) -> float | None:
    present = [float(str(cells[at])) for at in positions if cells[at] is not None]
    return sum(present) if present else None


def _reason(key: str | None, code: str | None) -> Text:
    if key is None:
        return Text(th="แถวในตารางไม่มีรหัส", en="The table's row has no key.")
    if code is None:
        return Text(
            th="ไม่มีแถวใดที่นำเข้าได้ใช้รหัสของแถวนี้",
            en="No loaded row of the file has this row's key.",
        )
    return Text(
        th="ไม่ทราบประเภทการใช้ประโยชน์ของแถวนี้", en="The kind of use of this row is not known."
    )
