"""Run lists on paper: numbered, on record, personal only for whoever may see it, asking nobody."""

import base64
import csv
import hashlib
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest

from layers.model import Role
from layers.text import Text
from maps import run_list
from maps.run_list import Call, RunList, RunSheet
from tests.api.caller import NOBODY, Caller

Z10 = {"flood": {"zone_ids": ["Z10"]}}


@pytest.fixture(scope="module")
def answer(caller: Caller) -> Any:
    return caller.post("/queries/evacuation?lang=en", json=Z10).json()


def copied(caller: Caller, answer: Any, team: str | None = None) -> Any:
    body = {} if team is None else {"team": team}
    reply = caller.post(f"/queries/answers/{answer['id']}/run-lists", json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()


class _Page(HTMLParser):
    """What a page would fetch, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.asks += [name for name, _ in attrs if name in ("src", "href", "style", "onclick")]
        if tag in ("script", "link", "img", "iframe"):
            self.asks.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_each_copy_has_its_number_and_prints_the_runs(caller: Caller, answer: Any) -> None:
    first, second = copied(caller, answer, "B1"), copied(caller, answer)
    assert second["number"] > first["number"]
    assert (first["team"], second["team"]) == ("B1", None)
    reply = caller.get(f"{first['html']}?lang=en")
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "private, no-store"
    text = reply.text
    mine = [run for run in answer["runs"] if run["team"] == "B1"]
    for run in mine:
        assert f"Run {run['number']} " in text
        assert all(stop["household"] in text for stop in run["stops"])
    others = {s["household"] for r in answer["runs"] if r["team"] != "B1" for s in r["stops"]}
    others -= {s["household"] for r in mine for s in r["stops"]}
    assert others
    assert not any(f"<b>{code}</b>" in text for code in others)
    assert f"No. {first['number']}" in text
    assert first["made_by"] in text
    assert answer["id"] in text
    assert "000-000-" in text, "phones of the households"
    everybody = caller.get(second["html"])
    assert all(f"ทีม B{n}" in everybody.text for n in range(1, 7))
    assert "ใบรายการเที่ยวรับผู้ประสบภัย" in everybody.text
    assert "/2569 " in everybody.text or "/25" in everybody.text, "the Thai year"


def test_the_page_asks_for_nothing_and_its_style_is_the_one_named(
    caller: Caller, answer: Any
) -> None:
    reply = caller.get(copied(caller, answer)["html"])
    page = _Page()
    page.feed(reply.text)
    assert page.asks == []
    assert page.open == []
    style = re.search(r"<style>(.*?)</style>", reply.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = reply.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "A4" in style[1]
    assert "<b>0</b>" not in reply.text, "what people are called is escaped"


def test_the_csv_twin_holds_the_same_calls(caller: Caller, answer: Any) -> None:
    copy = copied(caller, answer)
    reply = caller.get(f"{copy['csv']}?lang=en")
    assert "attachment" in reply.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
    told = [(r["team"].split()[0], int(r["run"]), r["household"], int(r["sitting"])) for r in rows]
    truth = [
        (run["team"], run["number"], stop["household"], stop["sitting"])
        for run in answer["runs"]
        for stop in run["stops"]
    ]
    assert sorted(told) == sorted(truth)
    assert {row["run_list"] for row in rows} == {str(copy["number"])}


def test_nobody_else_makes_or_sees_one(
    caller: Caller, tokens: dict[Role, str], answer: Any
) -> None:
    copy = copied(caller, answer)
    for role in (None, Role.STAFF, Role.COORDINATOR, Role.TEAM, Role.CARE, Role.ANALYST):
        token = NOBODY if role is None else tokens[role]
        at = f"/queries/answers/{answer['id']}/run-lists"
        assert caller.post(at, json={}, token=token).status_code == 404
        assert caller.get(copy["html"], token=token).status_code == 404
    other = caller.post("/queries/shelters", json={}).json()
    for path, body, status in (
        (f"/queries/answers/{answer['id']}/run-lists", {"team": "B99"}, 404),
        (f"/queries/answers/{other['id']}/run-lists", {}, 400),
    ):
        assert caller.post(path, json=body).status_code == status
    assert caller.get("/queries/run-lists/999999999.html").status_code == 404


def test_a_coordinator_prints_no_needs_while_no_event_is_open(
    caller: Caller, tokens: dict[Role, str]
) -> None:
    mine = tokens[Role.COORDINATOR]
    told = caller.post("/queries/evacuation", json=Z10, token=mine).json()
    at = f"/queries/answers/{told['id']}/run-lists"
    copy = caller.post(at, json={}, token=mine).json()
    text = caller.get(copy["csv"], token=mine).text
    assert "000-000-" in text, "the warning call is theirs to make"
    assert "ยายทดสอบ" not in text
    assert "ยายทดสอบ" in caller.get(copied(caller, told_of(caller))["csv"]).text


def told_of(caller: Caller) -> Any:
    return caller.post("/queries/evacuation", json=Z10).json()


def test_an_exercise_is_marked_and_a_cell_is_no_formula() -> None:
    at = datetime(2026, 11, 21, 3, tzinfo=UTC)
    call = Call(1, "H1", '=cmd|"x"', 2, 0, False, "<b>", "-1", (), 0.5, (105.2, 15.2))
    told = RunList(
        number=7,
        town=Text(th="เมือง", en="Town"),
        answer="a",
        answered=at,
        made=at,
        made_by="เอก & โท",
        exercise="ซ้อมใหญ่",
        runs=(RunSheet("B1", 1, at, at, False, ("S1",), (call,)),),
        left=(("H9", Text(th="ไม่มีทีม", en="no team")),),
        caveats=(),
    )
    page = run_list.page(told, "th")
    assert "ฝึกซ้อม: ซ้อมใหญ่" in page
    assert "&lt;b&gt;" in page
    assert "เอก &amp; โท" in page
    assert "21/11/2569 10:00 น." in page
    row = run_list.table(told, "en").splitlines()[1]
    assert '"\'=cmd|""x"""' in row
    assert ",'-1," in row
