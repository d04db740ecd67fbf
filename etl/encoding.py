"""What a Shapefile says about the encoding of its text: the .cpg file or the DBF language byte."""

from pathlib import Path

_LANGUAGE_BYTE = 29
_PAGES = {
    0x01: "cp437",
    0x02: "cp850",
    0x03: "cp1252",
    0x13: "cp932",
    0x4D: "cp936",
    0x4E: "cp949",
    0x4F: "cp950",
    0x50: "cp874",
    0x57: "the writer's own (ANSI)",
    0x7C: "cp874",
    0xC8: "cp1250",
    0xC9: "cp1251",
}


def dbf_encoding(main: Path) -> tuple[str | None, str]:
    """The encoding stated beside a .shp or .dbf, and the evidence; None when nothing says it."""
    beside = {
        other.suffix.lower(): other
        for other in main.parent.iterdir()
        if other.stem == main.stem and other.is_file()
    }
    cpg = beside.get(".cpg")
    if cpg is not None:
        word = cpg.read_bytes()[:64].decode("ascii", errors="replace").strip()
        if word:
            return word, f"the .cpg says {word}"
    dbf = beside.get(".dbf")
    if dbf is None:
        return None, "there is no .dbf, so no text"
    with dbf.open("rb") as handle:
        head = handle.read(32)
    mark = head[_LANGUAGE_BYTE] if len(head) > _LANGUAGE_BYTE else 0
    if mark in _PAGES and mark != 0x57:  # noqa: PLR2004  0x57 names no page
        return _PAGES[mark], f"no .cpg; the DBF language byte 0x{mark:02X} says {_PAGES[mark]}"
    return None, f"no .cpg, and the DBF language byte 0x{mark:02X} names no encoding"
