"""The legend: the classes a role sees of each layer, in both languages, top of the map first."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from layers.model import Layer, Role
from layers.privacy import may_see, visible_fields
from layers.style import Shape, Style, StyleClass, Symbol
from layers.text import Text

NOT_STATED = Text(th="ไม่ระบุ", en="Not stated")
NEUTRAL = "#8c98a4"


@dataclass(frozen=True)
class Drawn:
    """One layer as a role sees it drawn.

    `field` tells the classes apart, None when there is one class or the role may not see the
    field. `classes` ends with the remainder, the only one without values, so that a value
    nobody foresaw is still drawn. `label` and `label_en` are None when the role may not see them.
    """

    layer: Layer
    style: Style
    field: str | None
    classes: tuple[StyleClass, ...]
    label: str | None
    label_en: str | None

    @property
    def remainder(self) -> StyleClass:
        """The class of every value that no other class names."""
        return self.classes[-1]

    @property
    def kind(self) -> str:
        """`fill`, `line`, `circle` or `icon`: a layer of circles needs no images."""
        if self.style.symbol is not Symbol.MARKER:
            return self.style.symbol.value
        round_only = all(cls.shape is Shape.CIRCLE for cls in self.classes)
        return "circle" if round_only else "icon"


def drawn(layers: Iterable[Layer], role: Role) -> tuple[Drawn, ...]:
    """The layers this role sees on a map, lowest first, with just the classes it may know of."""
    found = []
    for layer in layers:
        if layer.style is None or layer.geometry is None or not may_see(layer, role):
            continue
        seen = {field.name for field in visible_fields(layer, role)}
        style = layer.style
        field = style.field if style.field in seen else None
        found.append(
            Drawn(
                layer=layer,
                style=style,
                field=field,
                classes=_classes(style, told_apart=field is not None),
                label=style.label if style.label in seen else None,
                label_en=style.label_en if style.label_en in seen else None,
            )
        )
    return tuple(sorted(found, key=lambda each: each.style.order))


def _classes(style: Style, *, told_apart: bool) -> tuple[StyleClass, ...]:
    if style.field is None:
        return style.classes
    named = tuple(cls for cls in style.classes if cls.values) if told_apart else ()
    rest = [cls for cls in style.classes if not cls.values]
    if rest:
        return (*named, rest[0])
    like = style.classes[0]
    neutral = {"key": "not_stated", "label": NOT_STATED, "color": NEUTRAL, "values": ()}
    return (*named, like.model_copy(update=neutral))


def legend(layers: Iterable[Layer], role: Role) -> list[dict[str, Any]]:
    """The legend as plain JSON values (docs/dashboard-style-contract.md), top of the map first."""
    return [_entry(each) for each in reversed(drawn(layers, role))]


def _entry(each: Drawn) -> dict[str, Any]:
    return {
        "layer": each.layer.id,
        "title": each.layer.title.model_dump(),
        "visible": each.style.visible,
        "min_zoom": each.layer.zooms.min,
        "classes": [_class(each, cls) for cls in each.classes],
    }


def _class(each: Drawn, cls: StyleClass) -> dict[str, Any]:
    marker = each.style.symbol is Symbol.MARKER
    return {
        "key": cls.key,
        "label": cls.label.model_dump(),
        "color": cls.color,
        "outline": cls.outline,
        "kind": each.kind,
        "shape": cls.shape.value if marker else None,
        "size": None if each.style.symbol is Symbol.FILL else cls.size,
        "dash": list(cls.dash),
        "opacity": each.style.opacity,
    }
