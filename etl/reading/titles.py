"""Which row of a table is its header: office tables have a title or two above it."""

from collections.abc import Sequence


def header_at(rows: Sequence[Sequence[str | None]]) -> int:
    """Position of the header among the first rows (none of them empty).

    It is the first row, unless that has at most one or two cells filled (a title, perhaps merged)
    and a fuller row of words, none repeated, follows.
    """
    filled = [_filled(row) for row in rows]
    widest = max(filled, default=0)
    if not rows or widest < 3 or filled[0] * 2 > widest:  # noqa: PLR2004
        return 0
    for at, row in enumerate(rows[:15]):
        words = [cell.strip() for cell in row if cell and cell.strip()]
        if filled[at] * 3 >= widest * 2 and len(set(words)) == len(words) and _words(words):
            return at
    return 0


def _filled(row: Sequence[str | None]) -> int:
    return sum(bool(cell and cell.strip()) for cell in row)


def _words(cells: Sequence[str]) -> bool:
    """Most of them no numbers."""
    numbers = sum(cell.replace(",", "").replace(".", "").lstrip("-").isdigit() for cell in cells)
    return numbers * 3 <= len(cells)
