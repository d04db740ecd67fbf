"""Small MapLibre expressions: a value per class, and how sizes grow with the zoom."""

from collections.abc import Callable
from typing import Any

from layers.style import StyleClass
from maps.legend import Drawn

Expression = Any
"""A JSON value: a constant or a MapLibre expression."""

TRANSPARENT = "rgba(0,0,0,0)"

LINE_GROWTH = ((10, 0.4), (13, 0.65), (15, 1.0), (18, 3.0))
"""Zoom and factor on the declared width: streets thin over a town, broad over a lane."""
BORDER_GROWTH = ((10, 0.8), (14, 1.0), (18, 1.6))
MARKER_GROWTH = ((11, 0.4), (13, 0.55), (15, 0.85), (16, 1.0), (18, 1.35))
HAIRLINE_GROWTH = ((13, 0.4), (15, 0.8), (17, 1.6))


def by_class(drawn: Drawn, value: Callable[[StyleClass], Expression]) -> Expression:
    """`value` of the class a feature belongs to; a plain constant when all classes agree."""
    rest = value(drawn.remainder)
    arms = [(cls.values, value(cls)) for cls in drawn.classes[:-1]]
    if drawn.field is None or all(each == rest for _, each in arms):
        return rest
    match: list[Any] = ["match", ["get", drawn.field]]
    for values, each in arms:
        match += [list(values), each]
    return [*match, rest]


def rank(drawn: Drawn) -> Expression:
    """Sort key that draws the first class of the legend above the second, and so on."""
    place = {cls.key: len(drawn.classes) - n for n, cls in enumerate(drawn.classes)}
    return by_class(drawn, lambda cls: place[cls.key])


def grow(size: Expression, stops: tuple[tuple[int, float], ...], extra: float = 0) -> Expression:
    """`size` times the factor of the zoom, plus `extra` pixels at every zoom."""
    ramp: list[Any] = ["interpolate", ["exponential", 1.4], ["zoom"]]
    for zoom, factor in stops:
        ramp += [zoom, _times(size, factor, extra)]
    return ramp


def _times(size: Expression, factor: float, extra: float) -> Expression:
    if isinstance(size, int | float):
        return round(size * factor + extra, 3)
    scaled: Expression = ["*", size, factor]
    return ["+", scaled, extra] if extra else scaled
