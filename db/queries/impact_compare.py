"""Two impact answers side by side: every figure of either, and how far they are apart. Pure."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_DEPTHS = frozenset({"by_depth", "by_indoor_depth", "wet_length_by_depth"})
_BREAKDOWNS = _DEPTHS | {"by_age", "by_class", "by_use", "by_need"}


def differences(first: Json, second: Json) -> list[Json]:
    """Rows `figure`, `first`, `second`, `difference` (second less first), in the answers' order.

    A figure is named by its path (`people.by_age.60+`). What one answer does not know is None
    there, and so is the difference; a class nobody is in is 0.
    """
    rows = []
    for figure in dict.fromkeys((*_figures(first), *_figures(second))):
        one, other = _of(figure, first), _of(figure, second)
        apart = None if one is None or other is None else round(other - one, 3)
        rows.append({"figure": figure, "first": one, "second": other, "difference": apart})
    return rows


def _figures(part: Json, path: str = "") -> Iterator[str]:
    for name, value in part.items():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _figures(value, here)
        elif not isinstance(value, (str, list, bool)):
            yield here


def _of(figure: str, answer: Json) -> float | None:
    """A figure of an answer; 0 for a class of a breakdown it has, None for what it has not.

    A breakdown by depth in which nothing but the unknown stands says nothing of the other classes.
    """
    steps = figure.split(".")
    part: Any = answer
    for n, step in enumerate(steps):
        if not isinstance(part, dict):
            return None
        if step not in part:
            silent = steps[n - 1] in _DEPTHS and set(part) == {"unknown"}
            return 0 if set(steps[:n]) & _BREAKDOWNS and not silent else None
        part = part[step]
    return None if isinstance(part, dict) else part
