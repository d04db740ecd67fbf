"""The legend of a folium page: our own words and drawings, no script."""

import html
from collections.abc import Iterable

from layers.style import StyleClass, Symbol
from layers.text import Lang, Text
from maps.frame import TownFrame
from maps.legend import Drawn
from maps.shapes import svg

_HEADING = Text(th="สัญลักษณ์", en="Legend")
_SWATCH_WIDTH = 22
_MAX_LINE = 6.0

_CSS = """
.muang-legend { position: absolute; z-index: 900; left: 10px; top: 10px;
  max-height: calc(100% - 90px); box-sizing: border-box;
  overflow: auto; background: rgba(255,255,255,.94); padding: 8px 12px; border-radius: 4px;
  font: 13px/1.45 Sarabun, sans-serif; color: #15202b; box-shadow: 0 1px 4px rgba(0,0,0,.3); }
.muang-legend summary { cursor: pointer; font-size: 14px; }
.muang-legend h4 { margin: 6px 0 1px; font-size: 13px; font-weight: 400; color: #44525f; }
.muang-legend div { display: flex; align-items: center; gap: 7px; }
.muang-legend span { width: 24px; display: inline-flex; justify-content: center; }
.muang-legend p { margin: 6px 0 0; max-width: 16em; }
"""


def legend_html(shown: Iterable[Drawn], lang: Lang, town: TownFrame | None) -> str:
    """A box in the corner: every drawn class, top of the map first, and whose data these are."""
    parts = [
        f"<style>{_CSS}</style>",
        f'<details class="muang-legend" open lang="{lang}">',
        f"<summary>{_HEADING.get(lang)}</summary>",
    ]
    for each in reversed(tuple(shown)):
        title = each.layer.title.get(lang)
        lone = len(each.classes) == 1
        if not lone:
            parts.append(f"<h4>{html.escape(title)}</h4>")
        for cls in each.classes:
            word = title if lone else cls.label.get(lang)
            parts.append(f"<div><span>{_swatch(each, cls)}</span>{html.escape(word)}</div>")
    if town is not None:
        parts.append(f"<p>{html.escape(town.credit.get(lang))}</p>")
    parts.append("</details>")
    return "".join(parts)


def _swatch(each: Drawn, cls: StyleClass) -> str:
    if each.style.symbol is Symbol.MARKER:
        return svg(cls)
    height = 14
    start = f'<svg width="{_SWATCH_WIDTH}" height="{height}" aria-hidden="true">'
    if each.style.symbol is Symbol.FILL:
        edge = cls.outline if each.style.outline_width > 0 else None
        return (
            f'{start}<rect x="1" y="1" width="{_SWATCH_WIDTH - 2}" height="{height - 2}"'
            f' fill="{cls.color}" fill-opacity="{each.style.opacity:g}"'
            f' stroke="{edge or "#98a3ad"}" stroke-width="1"/></svg>'
        )
    width = min(cls.size or 1.0, _MAX_LINE)
    dash = " ".join(f"{part * width:g}" for part in cls.dash)
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'{start}<path d="M0 {height / 2:g}H{_SWATCH_WIDTH}" stroke="{cls.outline or cls.color}"'
        f' stroke-width="{width:g}"{dashes}/></svg>'
    )
