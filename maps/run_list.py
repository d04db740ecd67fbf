"""A team's runs on paper: A4, black on white, one block a run, boxes to tick; Thai or English.

The page carries its own style and asks for nothing else; `POLICY` names that style by its hash,
so a browser applies it and nothing besides.
"""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from layers.text import Lang, Text

THAILAND = ZoneInfo("Asia/Bangkok")
_BUDDHIST_ERA = 543

STYLE = """
@page { size: A4; margin: 12mm 10mm 14mm; }
* { box-sizing: border-box; }
body { font: 11pt/1.35 Sarabun, "Noto Sans Thai", Tahoma, sans-serif; color: #000; margin: 0 auto;
  max-width: 190mm; padding: 4mm; background: #fff; }
h1 { font-size: 15pt; margin: 0; }
h2 { font-size: 12.5pt; margin: 5mm 0 1mm; border-bottom: 1.5pt solid #000; }
header p, footer p { margin: 0.6mm 0; }
.mark { border: 2pt solid #000; font-weight: 700; font-size: 15pt; text-align: center; padding: 1mm;
  margin: 0 0 2mm; }
.secret { font-weight: 700; }
section { break-inside: avoid; }
section.team { break-before: page; }
table { width: 100%; border-collapse: collapse; }
th, td { border: 0.6pt solid #555; padding: 0.8mm 1.2mm; text-align: left; vertical-align: top;
  font-size: 10pt; overflow-wrap: anywhere; }
th { background: #eee; print-color-adjust: exact; }
tr { break-inside: avoid; }
.tick { width: 8mm; text-align: center; font-size: 15pt; line-height: 1; }
.n { width: 10mm; text-align: right; }
.sign { margin: 3mm 0 0; }
footer { margin-top: 5mm; font-size: 9pt; border-top: 0.6pt solid #555; }
@media print { body { padding: 0; max-width: none; } }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: its own style and nothing else."""


@dataclass(frozen=True)
class Call:
    """One call of a run. Empty text: not known, or not for whoever printed it."""

    rank: int | None
    household: str
    where: str
    sitting: int
    lying: int
    part: bool
    who: str
    phones: str
    why: tuple[Text, ...]
    depth_m: float | None
    lon_lat: tuple[float, float] | None


@dataclass(frozen=True)
class RunSheet:
    """One run of a team: when it leaves and is back, where to, and its calls in order."""

    team: str
    number: int
    leaves: datetime
    back: datetime
    under_way: bool
    to: tuple[str, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class RunList:
    """One numbered copy. `exercise` is the name of the exercise it was made in."""

    number: int
    town: Text
    answer: str
    answered: datetime
    made: datetime
    made_by: str
    exercise: str | None
    runs: tuple[RunSheet, ...]
    left: tuple[tuple[str, Text], ...]
    caveats: tuple[Text, ...]


_WORDS = {
    "title": Text(th="ใบรายการเที่ยวรับผู้ประสบภัย", en="Run list"),
    "copy": Text(th="เลขที่", en="No."),
    "made": Text(th="พิมพ์เมื่อ", en="Printed"),
    "by": Text(th="โดย", en="by"),
    "answer": Text(th="คำตอบ", en="Answer"),
    "of": Text(th="คำนวณเมื่อ", en="worked out"),
    "secret": Text(
        th="มีข้อมูลส่วนบุคคล ใช้เฉพาะภารกิจนี้ ส่งคืนหรือทำลายเมื่อเสร็จ",
        en="Holds personal data: for this task alone; hand back or destroy when done.",
    ),
    "exercise": Text(th="ฝึกซ้อม", en="EXERCISE"),
    "team": Text(th="ทีม", en="Team"),
    "run": Text(th="เที่ยวที่", en="Run"),
    "leaves": Text(th="ออก", en="leaves"),
    "back": Text(th="กลับ", en="back"),
    "under_way": Text(th="ออกไปแล้ว", en="under way"),
    "to": Text(th="ไปส่งที่", en="to"),
    "people": Text(th="คน", en="people"),
    "rank": Text(th="ลำดับ", en="Rank"),
    "house": Text(th="บ้าน", en="House"),
    "seats": Text(th="นั่ง", en="Sit"),
    "lying": Text(th="นอน", en="Lie"),
    "who": Text(th="ผู้ต้องดูแล", en="In care"),
    "phones": Text(th="โทรศัพท์", en="Phone"),
    "why": Text(th="เหตุผล", en="Why"),
    "part": Text(th="รับบางส่วน", en="part of the household"),
    "depth": Text(th="น้ำลึกได้ถึง", en="water up to"),
    "left": Text(th="ยังไม่มีทีมรับ", en="Nobody can fetch yet"),
    "none": Text(th="ไม่มีเที่ยวของทีมนี้", en="There are no runs for this team."),
    "sign": Text(
        th="ผู้รับใบรายการ ____________________ เวลา ________ หัวหน้าทีม ____________________",
        en="Received by ____________________ at ________ Team leader ____________________",
    ),
}

COLUMNS = (
    *("run_list", "team", "run", "leaves", "back", "to", "rank", "household", "where"),
    *("sitting", "lying", "part", "in_care", "phones", "why", "depth_m", "lon", "lat"),
)
"""Columns of the CSV twin: one row a call."""


def page(told: RunList, lang: Lang) -> str:
    """The whole document."""
    teams = list(dict.fromkeys(run.team for run in told.runs))
    body = "".join(
        _team(team, [run for run in told.runs if run.team == team], n > 0, lang)
        for n, team in enumerate(teams)
    )
    mark = (
        f'<p class="mark">{_w("exercise", lang)}: {escape(told.exercise)}</p>'
        if told.exercise
        else ""
    )
    title = f"{_w('title', lang)} {_w('copy', lang)} {told.number}"
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>{mark}<header>"
        f"<h1>{title} · {escape(told.town.get(lang))}</h1>"
        f"<p>{_w('made', lang)} {_moment(told.made, lang)} {_w('by', lang)} "
        f"{escape(told.made_by)} · {_w('answer', lang)} {escape(told.answer)}, {_w('of', lang)} "
        f"{_moment(told.answered, lang)}</p>"
        f'<p class="secret">{_w("secret", lang)}</p></header>'
        f"{body or '<p>' + _w('none', lang) + '</p>'}{_left(told, lang)}"
        f"<footer>{''.join(f'<p>{escape(one.get(lang))}</p>' for one in told.caveats)}</footer>"
        "</body></html>\n"
    )


def table(told: RunList, lang: Lang) -> str:
    """The same as CSV (RFC 4180), with text no spreadsheet takes for a formula."""
    rows = [
        (
            *(told.number, run.team, run.number, _iso(run.leaves), _iso(run.back)),
            *("; ".join(run.to), call.rank, call.household, call.where, call.sitting, call.lying),
            *("yes" if call.part else "no", call.who, call.phones),
            *("; ".join(why.get(lang) for why in call.why), call.depth_m),
            *(call.lon_lat or (None, None)),
        )
        for run in told.runs
        for call in run.calls
    ]
    return "".join(",".join(map(_cell, row)) + "\r\n" for row in (COLUMNS, *rows))


def _w(word: str, lang: Lang) -> str:
    return escape(_WORDS[word].get(lang))


def _team(team: str, runs: list[RunSheet], later: bool, lang: Lang) -> str:
    blocks = "".join(_run(run, lang) for run in runs)
    kind = "team" if later else "first"
    return (
        f'<section class="{kind}"><h1>{_w("team", lang)} {escape(team)}</h1></section>{blocks}'
        f'<p class="sign">{_w("sign", lang)}</p>'
    )


def _run(run: RunSheet, lang: Lang) -> str:
    people = sum(call.sitting + call.lying for call in run.calls)
    when = (
        _w("under_way", lang)
        if run.under_way
        else f"{_w('leaves', lang)} {run.leaves.astimezone(THAILAND):%H:%M}"
    )
    heads = "".join(
        f"<th>{_w(name, lang)}</th>"
        for name in ("rank", "house", "seats", "lying", "who", "phones", "why")
    )
    calls = "".join(_call(call, lang) for call in run.calls)
    return (
        f"<section><h2>{_w('run', lang)} {run.number} · {when} · {_w('back', lang)} "
        f"{run.back.astimezone(THAILAND):%H:%M} · {_w('to', lang)} {escape(', '.join(run.to))} · "
        f"{people} {_w('people', lang)}</h2>"
        f'<table><thead><tr><th class="tick">☐</th>{heads}</tr></thead><tbody>{calls}</tbody>'
        "</table></section>"
    )


def _call(call: Call, lang: Lang) -> str:
    where = [f"<b>{escape(call.household)}</b>", escape(call.where)]
    if call.part:
        where.append(f"<i>{_w('part', lang)}</i>")
    if call.depth_m is not None and call.depth_m > 0:
        where.append(f"{_w('depth', lang)} {call.depth_m:g} m")
    if call.lon_lat is not None:
        where.append(f"{call.lon_lat[1]:.6f}, {call.lon_lat[0]:.6f}")
    why = "; ".join(one.get(lang) for one in call.why)
    return (
        f'<tr><td class="tick">☐</td><td class="n">{"" if call.rank is None else call.rank}</td>'
        f"<td>{'<br>'.join(part for part in where if part)}</td>"
        f'<td class="n">{call.sitting}</td><td class="n">{call.lying}</td>'
        f"<td>{escape(call.who)}</td><td>{escape(call.phones)}</td><td>{escape(why)}</td></tr>"
    )


def _left(told: RunList, lang: Lang) -> str:
    if not told.left:
        return ""
    rows = "".join(f"<p>{escape(key)}: {escape(why.get(lang))}</p>" for key, why in told.left)
    return f"<section><h2>{_w('left', lang)}</h2>{rows}</section>"


def _moment(at: datetime, lang: Lang) -> str:
    here = at.astimezone(THAILAND)
    if lang == "th":
        return f"{here:%d/%m}/{here.year + _BUDDHIST_ERA} {here:%H:%M} น."
    return f"{here:%Y-%m-%d %H:%M}"


def _iso(at: datetime) -> str:
    return at.astimezone(THAILAND).isoformat(timespec="minutes")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    told = f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
    if told == "" or any(mark in told for mark in ',"\r\n') or told != told.strip():
        return '"' + told.replace('"', '""') + '"'
    return told


def joined(parts: Iterable[object], between: str = " ") -> str:
    """What is known of some parts, in one line."""
    return between.join(str(part) for part in parts if part not in (None, ""))
