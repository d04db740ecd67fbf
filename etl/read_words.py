"""The reader's machine words as sentences: why a file is refused, what to know of one read."""

from collections.abc import Mapping
from typing import Any

from etl.steps import Finding, Severity
from etl.unpack import NO_NAME, Source
from layers.errors import RefusedError
from layers.text import Text

Facts = Mapping[str, Any]


def explain(source: Source, word: str, facts: Facts) -> RefusedError:
    """The refusal for the reader's word about this file."""
    if word == "choose":
        names = [str(name) for name in facts.get("layers", [])]
        return which_layer(source, facts.get("wanted"), names)
    message = str(facts.get("message", ""))[:300]
    kind = source.format.value
    sentence = _SENTENCES.get(word)
    if sentence is None:
        sentence = Text(
            th=f"อ่านเป็น {kind} ไม่ได้ ไฟล์เสียหรือไม่ครบ",
            en=f"it cannot be read as {kind}: damaged or incomplete ({_flat(message)})",
        )
    known = {"kind": kind, **{name: _flat(str(value))[:200] for name, value in facts.items()}}
    words = _Known(known)
    refusal = _refuse(source, sentence.th.format_map(words), sentence.en.format_map(words))
    refusal.facts["reader"] = message
    refusal.facts["word"] = word
    return refusal


class _Known(dict[str, str]):
    """Facts for a sentence; one that is missing leaves a question mark."""

    def __missing__(self, key: str) -> str:
        return "?"


def which_layer(source: Source, wanted: object, names: list[str]) -> RefusedError:
    """The refusal that asks which layer is meant."""
    listed = ", ".join(source.plain_name if name == NO_NAME else name for name in names[:30])
    if wanted is not None:
        return _refuse(
            source,
            f"ไม่มีชั้นข้อมูล “{wanted}” ในไฟล์ มี: {listed}",
            f"it has no layer “{wanted}”; its layers are: {listed}",
        )
    if not names:
        return _refuse(source, "ไม่มีชั้นข้อมูลอยู่ข้างใน", "there is no layer inside it")
    return _refuse(
        source,
        f"มีหลายชั้นข้อมูล ({listed}) เลือกด้วย --layer-in-file",
        f"it holds several layers ({listed}); choose one with --layer-in-file",
    )


def _refuse(source: Source, th: str, en: str) -> RefusedError:
    return RefusedError(
        Text(th=f"ไม่รับไฟล์ “{source.name}”: {th}", en=f"“{source.name}” is refused: {en}.")
    )


def _flat(message: str) -> str:
    """Without braces, which a sentence would take for a place to fill."""
    return message.replace("{", "(").replace("}", ")")


_SENTENCES = {
    "encoding": Text(th="ไม่รู้จักรหัสตัวอักษร “{name}”", en="the encoding “{name}” is unknown"),
    "encoding_unsure": Text(
        th="ไม่แน่ใจรหัสตัวอักษร ({told}) บอกด้วย --encoding เช่น --encoding {say} (ไฟล์ไทยเดิมมักเป็น cp874)",
        en="the encoding of its text is not certain ({told}); say it, perhaps with "
        "--encoding {say} (older Thai files: cp874)",
    ),
    "mojibake": Text(
        th="ตัวอักษรไทยเพี้ยน ({example} คือ {meant}) อ่านใหม่ด้วย --encoding {encoding}",
        en="its Thai has been read as Latin ({example} should be {meant}, confidence "
        "{confidence}); read it anew with --encoding {encoding}",
    ),
    "empty": Text(th="ไฟล์ว่างเปล่า ไม่มีข้อมูล", en="the file is empty"),
    "too_large": Text(th="ไฟล์ใหญ่เกินหน่วยความจำที่ให้ใช้", en="it needs more memory than allowed"),
    "too_long": Text(th="ใช้เวลาอ่านนานเกินไป", en="reading it takes too long"),
    "stopped": Text(
        th="ไฟล์เสียหรือใหญ่เกินไป ตัวอ่านหยุดทำงาน",
        en="it is damaged or too large: the reader stopped",
    ),
    "raster": Text(
        th="เป็นแรสเตอร์ (GeoTIFF) นำเข้าเป็นชั้น elevation หรือ depth เท่านั้น",
        en="it is a raster (GeoTIFF), which can only be imported as elevation or depth",
    ),
    "drivers": Text(
        th="ตัวอ่านไฟล์ตั้งค่าไม่ปลอดภัย จึงไม่เปิดไฟล์ โปรดแจ้งผู้ดูแลระบบ",
        en="the file reader is not set up safely, so nothing was opened; tell the administrator",
    ),
    "dtd": Text(
        th="XML ข้างในมีการประกาศ DTD ซึ่งใช้ซ่อนคำสั่งอันตรายได้ จึงไม่เปิด",
        en="its XML declares a document type (DTD), which can hide harm, so it is not opened",
    ),
    "nested": Text(
        th="ข้อมูลซ้อนกันลึกผิดปกติ จึงไม่เปิด", en="it is nested too deep to be a map, so it is not read"
    ),
    "columns": Text(
        th="มีคอลัมน์มากผิดปกติ ({count})", en="it has more columns than any table ({count})"
    ),
    "view": Text(
        th="มีมุมมอง (view) “{name}” ที่เรียกใช้สิ่งนอกไฟล์หรือไม่มีวันจบ จึงไม่เปิด",
        en="its view “{name}” reaches outside the file or never ends, so it is not opened",
    ),
    "bomb": Text(th="ข้างในใหญ่เกินไปเมื่อแตกไฟล์", en="what is inside is too large once unpacked"),
    "password": Text(th="ไฟล์ใส่รหัสผ่าน", en="it has a password"),
    "cut_off": Text(
        th="ไฟล์ {part} ไม่ครบ สั้นกว่าที่หัวไฟล์บอก (คัดลอกมาไม่หมด?)",
        en="its {part} is cut off: shorter than its own header says (copied in part?)",
    ),
    "apart": Text(
        th="ไฟล์ .shp มี {shapes} รูป แต่ .dbf มี {rows} แถว ไม่ใช่คู่กันหรือไฟล์ไม่ครบ",
        en="its .shp holds {shapes} shapes but its .dbf {rows} rows: they do not belong together, "
        "or one is cut off",
    ),
    "partial": Text(
        th="ไฟล์เสีย: ควรมี {promised} แถว แต่อ่านได้ {there} แถว",
        en="it is damaged: {promised} rows are promised, {there} can be read",
    ),
    "endless_line": Text(
        th="มีบรรทัดยาวผิดปกติ ไม่ใช่ตาราง", en="it has a line of endless length, so it is no table"
    ),
    "open_quote": Text(
        th="มีเครื่องหมายคำพูดเปิดที่ไม่ปิด แถวท้ายจึงปนกัน แก้ในไฟล์ก่อน",
        en="a quotation mark is opened and never closed, so the last rows run into one; mend the "
        "file",
    ),
}
"""Machine words of the reader -> sentences; any other word means a damaged file."""


def findings(meta: Facts) -> tuple[Finding, ...]:
    """What a person should know of a file that was read."""
    found = [_finding(told) for told in meta.get("notes") or []]
    against, mojibake = meta.get("encoding_against"), meta.get("mojibake")
    if mojibake:
        facts = _Known({name: _flat(str(value)) for name, value in dict(mojibake).items()})
        sentence = _SENTENCES["mojibake"]
        text = Text(th=sentence.th.format_map(facts), en=sentence.en.format_map(facts))
        found.append(Finding("mojibake", "warning", text, int(mojibake["texts"])))
    if against:
        facts = _Known({"told": _flat(str(meta["encoding_evidence"])), "say": str(against)})
        sentence = _SENTENCES["encoding_unsure"]
        text = Text(th=sentence.th.format_map(facts), en=sentence.en.format_map(facts))
        found.append(Finding("encoding_unsure", "warning", text, 1))
    return tuple(found)


def _finding(told: Facts) -> Finding:
    kind, count = str(told["kind"]), int(told["count"])
    facts = {name: _plain(value) for name, value in dict(told["facts"]).items()}
    severity, text = _TOLD[kind]
    known = _Known({name: _flat(value) for name, value in facts.items()})
    made = Text(th=text.th.format_map(known), en=text.en.format_map(known))
    return Finding(kind, severity, made, count)


def _plain(value: object) -> str:
    return ", ".join(map(str, value[:10])) if isinstance(value, list) else str(value)


_TOLD: dict[str, tuple[Severity, Text]] = {
    "text_at_limit": (
        "warning",
        Text(
            th="{column}: ข้อความยาวเต็มช่อง {width} ไบต์ของ DBF อาจถูกตัดท้าย ({torn} แถวถูกตัดกลางตัวอักษร)",
            en="{column}: text as long as the column's {width} bytes in the DBF, probably cut off "
            "({torn} in the middle of a letter)",
        ),
    ),
    "deleted_rows": (
        "note",
        Text(
            th="แถวที่ทำเครื่องหมายลบแล้วใน DBF ไม่ได้อ่าน",
            en="rows marked as deleted in the DBF, not read",
        ),
    ),
    "title_rows": (
        "note",
        Text(th="แถวเหนือหัวตาราง (ชื่อเรื่อง) ข้ามไป", en="rows above the header (titles), passed over"),
    ),
    "merged_cells": (
        "note",
        Text(
            th="ช่องที่ผสานเซลล์ ใช้ค่าเดียวกันทุกช่อง",
            en="cells merged with another: the value counts for each of them",
        ),
    ),
    "ragged_rows": (
        "warning",
        Text(
            th="แถวที่จำนวนช่องไม่เท่าหัวตาราง (เช่น แถว {rows})",
            en="rows with more or fewer cells than the header (row {rows})",
        ),
    ),
    "cells_beyond": (
        "warning",
        Text(
            th="แถวที่มีค่าเกินคอลัมน์สุดท้าย ค่าที่เกินไม่ได้อ่าน",
            en="rows with values beyond the last column, which are not read",
        ),
    ),
    "nested_columns": (
        "note",
        Text(
            th="คอลัมน์ที่มีโครงสร้างซ้อน เก็บเป็นข้อความ JSON: {columns}",
            en="columns of nested values, kept as JSON text: {columns}",
        ),
    ),
    "more_geometry": (
        "warning",
        Text(
            th="มีคอลัมน์รูปหลายคอลัมน์ ใช้ {used} ส่วน {columns} เก็บเป็นข้อความ WKT",
            en="several geometry columns: {used} is used, {columns} kept as WKT text",
        ),
    ),
    "shapes_from_column": (
        "note",
        Text(
            th="รูปมาจากคอลัมน์ {column} ({form})",
            en="shapes are read from the column {column} ({form})",
        ),
    ),
    "shapes_unreadable": (
        "warning",
        Text(
            th="รูปในช่องอ่านไม่ได้ (แถว {rows} …)",
            en="shapes in cells that cannot be read (row {rows} …)",
        ),
    ),
    "kml_left_out": (
        "warning",
        Text(
            th="{element} ใน KML ไม่ใช่รูปบนแผนที่ ไม่ได้อ่าน",
            en="{element} elements of the KML are links or pictures and are not read",
        ),
    ),
}
"""Kinds of notes of the reader -> how grave, and the words."""
