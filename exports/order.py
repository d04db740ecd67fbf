"""What one export is: an order the writing process reads, plain data all through."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from exports.formats import FORMATS, Format

Row = tuple[Any, ...]
Chunk = list[Row]
"""Some rows: values in the order of the columns, the geometry last where there is one."""


@dataclass(frozen=True)
class Column:
    """One attribute. `kind` is a value of `layers.model.FieldType`."""

    name: str
    kind: str
    title_th: str
    title_en: str
    unit: str | None = None

    def title(self, lang: str) -> str:
        """Its title in a language, with its unit."""
        title = self.title_th if lang == "th" else self.title_en
        return f"{title} ({self.unit})" if self.unit else title


@dataclass(frozen=True)
class Geometry:
    """The geometry column: OGC type, and the EPSG code of its coordinates, east before north."""

    kind: str
    srid: int
    name: str = "geom"


@dataclass(frozen=True)
class Order:
    """One export. `url` is a login that sees what the asker sees; `copy` and `about` are its SQL.

    `setup` statements run first in the one transaction everything is read in. `licences` are
    licences by the name of their source. `folder` is where a spooled format may write, up to
    `most_bytes`. `selection` are the parameters that chose the rows.
    """

    url: str
    suffix: str
    setup: tuple[str, ...]
    about: str
    copy: str
    columns: tuple[Column, ...]
    geometry: Geometry | None
    layer: str
    title_th: str
    title_en: str
    description_th: str
    description_en: str
    town_th: str
    town_en: str
    synthetic: bool
    licences: Mapping[str, str] = field(default_factory=dict)
    selection: Mapping[str, str] = field(default_factory=dict)
    lang: str = "th"
    folder: str = ""
    most_bytes: int = 0
    seconds: int = 0
    gzip: bool = False
    head: bool = False
    bom: bool = False
    guard: bool = False

    @property
    def format(self) -> Format:
        """The kind of file."""
        return FORMATS[self.suffix]

    def told(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Order":
        """The order again, from `told`."""
        parts = dict(told)
        parts["setup"] = tuple(parts["setup"])
        parts["columns"] = tuple(Column(**column) for column in parts["columns"])
        if parts["geometry"] is not None:
            parts["geometry"] = Geometry(**parts["geometry"])
        return cls(**parts)


@dataclass(frozen=True)
class About:
    """What the database says of what is read: the position, and what the rows rest on.

    `position` is that of the whole town, `version` and `as_of` the layer's last change.
    """

    position: int
    at: str
    version: int
    as_of: str | None
    source: str | None


def chunked(
    rows: Iterable[Row], most: int = 4096, most_bytes: int = 4 * 1024 * 1024
) -> Iterator[Chunk]:
    """Rows by the chunk: few where shapes are large, so that memory stays flat."""
    chunk: Chunk = []
    size = 0
    for row in rows:
        chunk.append(row)
        last = row[-1]
        size += 400 + (len(last) if isinstance(last, str | bytes) else 0)
        if len(chunk) >= most or size >= most_bytes:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
