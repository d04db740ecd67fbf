"""What a look into a file finds, as records."""

from pydantic import BaseModel, ConfigDict

from layers.text import Text


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Record):
    """One kind of trouble and in how many rows it is."""

    kind: str
    count: int
    text: Text


class Column(_Record):
    """One attribute: its type in the file, how many rows have it, some of its values."""

    name: str
    type: str
    filled: int
    examples: tuple[str, ...]


class LayerLook(_Record):
    """One layer of the file. `bounds` are in its own CRS, `bounds_lonlat` in EPSG:4326."""

    name: str | None
    read: int
    geometry_types: dict[str, int]
    crs: str | None
    crs_evidence: Text
    bounds: tuple[float, float, float, float] | None
    bounds_lonlat: tuple[float, float, float, float] | None
    encoding: str | None
    encoding_evidence: str
    columns: tuple[Column, ...]
    problems: tuple[Problem, ...]
    encoding_confidence: float = 1.0


class Look(_Record):
    """What is in a file."""

    file: str
    format: str
    sha256: str
    bytes: int
    layers: tuple[LayerLook, ...]
