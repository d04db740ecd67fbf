"""Columns: decided once, read piece by piece, the same by Arrow as cell by cell."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from etl import cells
from etl.cells import read_column
from etl.plan import Entry, make_plan
from etl.report import told
from etl.steps import Notes
from etl.tally import Tally
from layers import catalog
from layers.errors import RefusedError
from layers.model import Field, FieldType
from layers.text import Text

PARCELS = catalog.get("parcels")
TITLE = Text(th="ช่อง", en="field")


def field(kind: FieldType, **more: Any) -> Field:
    return Field(name="x", type=kind, title=TITLE, **more)


FIELDS = [
    field(FieldType.TEXT),
    field(FieldType.INTEGER),
    field(FieldType.NUMBER),
    field(FieldType.NUMBER, minimum=0, maximum=100),
    field(FieldType.NUMBER, unit="m2"),
    field(FieldType.BOOLEAN),
    field(FieldType.DATE),
    field(FieldType.DATETIME),
    field(FieldType.TEXT_LIST),
    PARCELS.field("use"),
    PARCELS.field("sheet"),
]

words = st.one_of(
    st.none(),
    st.text(max_size=8),
    st.sampled_from(
        [
            "1,200",
            " น้ำ ",
            "น\u0e4d\u0e49\u0e32",
            "a  b",
            " null",
            "+5",
            "-0",
            "12.50",
            "1,2",
            "1" * 20,
            "3-0-99.75",
            "03-3-5 ",
            "๑๒",
            "มี",
            "ไม่ทราบ",
            "18/09/2568",
            "18 ก.ย. 68",
            "2-1-35.5",
            "residential",
            "-1",
            "a;b",
        ]
    ),
)


@pytest.mark.parametrize("wanted", FIELDS, ids=lambda f: f"{f.name}-{f.type.value}")
@seed(2569)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(column=st.lists(words, max_size=12), cut=st.integers(0, 12), bounded=st.booleans())
def test_arrow_and_pieces_give_what_cell_by_cell_gives(
    wanted: Field, column: list[str | None], cut: int, bounded: bool
) -> None:
    entry = Entry(wanted, "given", column="c")
    survey = cells.survey(entry)
    if survey is not None:
        survey.see(column)
    try:
        reading = cells.decide(entry, survey, bounded=bounded)
    except RefusedError:
        return
    one, many = Tally(entry), Tally(entry)
    if survey is not None:
        again = cells.survey(entry)
        assert again is not None
        again.see_arrow(pa.array(column, pa.string()))
        assert again == survey
    plain = reading.apply(column, range(1, len(column) + 1), one).found
    whole = pa.array(column, pa.string())
    pieces = [
        reading.apply_arrow(piece, first, many)
        for piece, first in ((whole[:cut], 1), (whole[cut:], min(cut, len(column)) + 1))
    ]
    assert [value for piece in pieces for value in piece.to_pylist()] == plain
    assert one == many


def test_numbers_of_the_file_are_taken_as_they_are() -> None:
    reading = cells.decide(Entry(field(FieldType.INTEGER), "given", column="c"), None)
    tally = Tally(reading.entry)
    found = reading.apply_arrow(pa.array([1, None, 3], pa.int32()), 1, tally)
    assert found.to_pylist() == [1, None, 3]
    numbers = cells.decide(Entry(field(FieldType.NUMBER), "given", column="c"), None)
    assert numbers.apply_arrow(pa.array([1.5, float("nan")]), 1, tally).to_pylist() == [1.5, None]


def test_a_word_in_no_code_list_stays_on_the_row_in_the_files_own_words() -> None:
    """Closed list: the code is left empty, the word is kept in the companion field."""
    found = make_plan(
        PARCELS,
        ["ML", "USE_TYPE"],
        file="f",
        mapping={"code": "ML", "use": "USE_TYPE"},
        constants={},
    )
    entry = found.entry("use_detail")
    assert entry is not None
    assert entry.column == "USE_TYPE"
    assert read_column(entry, ["ลานตากข้าว"], [1], Notes()).found == ["ลานตากข้าว"]
    notes = Notes()
    use = found.entry("use")
    assert use is not None
    assert read_column(use, ["ลานตากข้าว", "commercial"], [1, 2], notes).found == [
        None,
        "commercial",
    ]
    assert notes.findings[0].kind == "unknown_code"
    assert notes.findings[0].examples == ("“ลานตากข้าว” x 1 (row 1)",)
    assert told(notes.findings)[0].kept == {"ลานตากข้าว": (1,)}


def test_reports_never_repeat_what_is_personal() -> None:
    owner = Field(name="x", type=FieldType.INTEGER, title=TITLE, personal=True)
    for wanted in (owner, field(FieldType.INTEGER), field(FieldType.INTEGER, required=True)):
        notes = Notes()
        read_column(Entry(wanted, "given", column="c"), ["1-2345-67890-12-1 ก"], [1], notes)
        told = f"{notes.findings} {notes.refused}"
        assert "67890" not in told
        assert "•••" in told


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (
            ["03/04/2024"],
            "no date shows whether day or month comes first (1 can be read both ways)",
        ),
        (["13/04/2024", "04/13/2024"], "some dates are day-first (1), some month-first (1)"),
        (["16/10/24"], "years have two digits (1)"),
    ],
)
def test_dates_that_can_be_read_two_ways_refuse_the_file_until_it_is_said(
    column: list[str], said: str
) -> None:
    permits = catalog.get("permits")
    issued = permits.field("issued_on")
    with pytest.raises(RefusedError) as refused:
        read_column(Entry(issued, "given", column="ISSUED"), column, [1, 2], Notes(), file="f.csv")
    assert said in refused.value.detail.en
    assert "--map issued_on=ISSUED:dmy" in refused.value.detail.en
    assert "--map issued_on=ISSUED:dmy" in refused.value.detail.th
    plan = make_plan(
        permits,
        ["NO", "ISSUED", "K", "S"],
        file="f.csv",
        mapping={"permit_no": "NO", "issued_on": "ISSUED:dmy-be", "kind": "K", "status": "S"},
        constants={},
    )
    entry = plan.entry("issued_on")
    assert entry is not None
    assert entry.unit == "dmy-be"
    assert read_column(entry, column[:1], [1], Notes()).found[0] is not None
