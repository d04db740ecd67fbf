"""How a layer looks, without naming any renderer: classes, colours by meaning, legend words.

`maps.maplibre` and `maps.folium_map` turn the same object into their own language, so a
legend, a screen, a notebook and a printed page always agree.
"""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from layers.text import Text


class Symbol(StrEnum):
    """What is drawn for a feature."""

    FILL = "fill"
    LINE = "line"
    MARKER = "marker"


class Shape(StrEnum):
    """Marker shapes: the kind is told by shape, so that colour is never alone."""

    CIRCLE = "circle"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    SQUARE = "square"
    HOUSE = "house"
    CROSS = "cross"
    HEART = "heart"


class StyleClass(BaseModel):
    """One class of the legend.

    `values` are the field values it covers; a class without values is the remainder.
    `size` is marker diameter or line width in CSS pixels, `dash` a dash pattern in line widths.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    label: Text
    color: str
    outline: str | None = None
    values: tuple[str, ...] = ()
    shape: Shape = Shape.CIRCLE
    size: float | None = None
    dash: tuple[float, ...] = ()

    @field_validator("color", "outline")
    @classmethod
    def _is_hex(cls, value: str | None) -> str | None:
        if value is not None and (len(value) != 7 or value[0] != "#"):  # noqa: PLR2004 - #rrggbb
            raise ValueError(f"{value!r} is not #rrggbb")
        return value


class Style(BaseModel):
    """The look of one layer: classes by the values of one field, or one class for all.

    `order` is drawing order, low first. `label` names a text field drawn from `label_min_zoom`;
    `label_en` one that a map in English writes instead, where a feature has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: Symbol
    classes: tuple[StyleClass, ...]
    field: str | None = None
    order: int
    visible: bool = True
    opacity: float = 1.0
    outline_width: float = 0.5
    label: str | None = None
    label_en: str | None = None
    label_min_zoom: float = 15

    @model_validator(mode="after")
    def _classes_fit(self) -> Self:
        if not self.classes:
            raise ValueError("a style needs at least one class")
        if self.field is None and len(self.classes) != 1:
            raise ValueError("several classes need a field to tell them apart")
        values = [value for cls in self.classes for value in cls.values]
        if len(values) != len(set(values)):
            raise ValueError("a value belongs to two classes")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields a tile must carry for this style."""
        return tuple(name for name in (self.field, *self.labels) if name)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the fields names are written from."""
        return tuple(name for name in (self.label, self.label_en) if name)
