"""Marker shapes as outlines, one drawing for every renderer: map, legend, folium, print.

Each shape is SVG path data in a box of 24 x 24 units that it fills. Browsers read it as it is
(`new Path2D(d)`, `<path d>`); nothing needs a sprite or an icon font.
"""

from layers.style import Shape, StyleClass

BOX = 24
DEFAULT_DIAMETER = 8.0
OUTLINE_PX = 1.25

PATHS: dict[Shape, str] = {
    Shape.CIRCLE: "M12 1A11 11 0 1 1 12 23A11 11 0 1 1 12 1Z",
    Shape.TRIANGLE: "M12 1.5L23.5 22H0.5Z",
    Shape.DIAMOND: "M12 0L24 12L12 24L0 12Z",
    Shape.SQUARE: "M2 2H22V22H2Z",
    Shape.HOUSE: "M12 1L24 11.5H20.5V23H3.5V11.5H0Z",
    Shape.CROSS: "M8 1H16V8H23V16H16V23H8V16H1V8H8Z",
    Shape.HEART: (
        "M12 22.5C5 16.6 0.5 12.8 0.5 8C0.5 4.4 3.3 1.8 6.6 1.8"
        "C8.8 1.8 10.9 2.9 12 4.9C13.1 2.9 15.2 1.8 17.4 1.8"
        "C20.7 1.8 23.5 4.4 23.5 8C23.5 12.8 19 16.6 12 22.5Z"
    ),
}


def diameter(cls: StyleClass) -> int:
    """Diameter of a class's marker in whole CSS pixels."""
    return round(cls.size or DEFAULT_DIAMETER)


def icon_id(cls: StyleClass) -> str:
    """The image id a symbol layer asks for (docs/dashboard-style-contract.md: how it is drawn)."""
    outline = cls.outline[1:] if cls.outline else "none"
    return f"muang-{cls.shape}-{cls.color[1:]}-{outline}-{diameter(cls)}".lower()


def svg(cls: StyleClass, *, scale: float = 1.0) -> str:
    """The marker as a standalone SVG element, its box a margin larger than its diameter."""
    side = diameter(cls) * scale
    stroke = (
        f' stroke="{cls.outline}" stroke-width="{2 * OUTLINE_PX * BOX / side:.2f}"'
        ' stroke-linejoin="round" paint-order="stroke"'
        if cls.outline
        else ""
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side + 4:g}" height="{side + 4:g}"'
        f' viewBox="{-2 * BOX / side:.2f} {-2 * BOX / side:.2f}'
        f' {BOX + 4 * BOX / side:.2f} {BOX + 4 * BOX / side:.2f}" aria-hidden="true">'
        f'<path d="{PATHS[cls.shape]}" fill="{cls.color}"{stroke}/></svg>'
    )
