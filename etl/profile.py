"""What a municipality's own files look like: field maps, code lists and units, as data (TOML).

`etl/towns/<town id>.toml` and what was saved with `--save-map` are used by themselves for imports
into that town; any other file can be named with `--profile`. What is said on the command line
wins over the profile.
"""

import re
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from etl import dates, units
from layers import catalog
from layers.errors import BadRequestError
from layers.text import Text

_TOWNS = Path(__file__).parent / "towns"

Constant = str | int | float | bool


class SourceProfile(BaseModel):
    """How one kind of file becomes rows of one layer.

    `map` target = column of the file (or of a joined table), `set` target = the same value for
    every row, `codes` field = {the file's word, a pattern with * or ?, or "" for an empty cell:
    our code}, `units` field = the file's unit, `nulls` field = values that mean "not known".
    `units` also says how dates are written (`dmy`, `mdy`, `dmy-be`). `files` are name patterns;
    `columns`, when given, are the columns of the file it was made for: a file with the same
    columns is known again whatever it is called. `name` is what it was saved as.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: str
    name: str | None = None
    files: tuple[str, ...] = ("*",)
    columns: tuple[str, ...] = ()
    source: str | None = None
    licence: str | None = None
    note: Text | None = None
    crs: str | None = None
    datum_operation: str | None = None
    encoding: str | None = None
    map: dict[str, str] = {}
    set: dict[str, Constant] = {}
    codes: dict[str, dict[str, str]] = {}
    units: dict[str, str] = {}
    nulls: dict[str, tuple[str, ...]] = {}


class TownProfile(BaseModel):
    """All the sources of a town, in order; the first that fits a file and a layer is used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: Annotated[tuple[SourceProfile, ...], Field(alias="source")] = ()
    name: str = ""

    def for_file(
        self, layer_id: str, file_name: str, columns: Collection[str] = ()
    ) -> SourceProfile | None:
        """The first source of that layer whose name pattern fits the file, or its columns."""
        ours = [source for source in self.sources if source.layer == layer_id]
        for source in ours:
            if any(fnmatchcase(file_name, pattern) for pattern in source.files):
                return source
        wanted = set(columns)
        return next((each for each in ours if each.columns and set(each.columns) == wanted), None)


NO_PROFILE = TownProfile()


def of_town(town_id: str, saved: Path | None = None) -> TownProfile:
    """Field maps of a town: those saved on this machine (`saved`, when it exists), then shipped."""
    path = _TOWNS / f"{town_id}.toml"
    shipped = load(path) if path.is_file() else NO_PROFILE
    if saved is None or not saved.is_file():
        return shipped
    own = load(saved)
    return own.model_copy(update={"sources": (*own.sources, *shipped.sources)})


def load(path: Path) -> TownProfile:
    """Read a profile; BadRequestError names the file, line and key of the first thing wrong."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequestError(
            Text(th=f"เปิดแฟ้มตั้งค่า “{path}” ไม่ได้", en=f"The profile “{path}” cannot be opened.")
        ) from error
    try:
        raw = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, str(error)) from error
    trouble = find_trouble(raw)
    if trouble is not None:
        line = line_of(content, trouble.place)
        where = f"line {line}, " if line else ""
        raise _wrong(path, f"{where}{'.'.join(map(str, trouble.place))}: {trouble.what}")
    return TownProfile.model_validate(raw).model_copy(update={"name": path.name})


def _wrong(path: Path, what: str) -> BadRequestError:
    return BadRequestError(
        Text(th=f"แฟ้มตั้งค่า “{path}” ผิด: {what}", en=f"The profile “{path}” is wrong: {what}.")
    )


# ---------------------------------------------------------------- what is wrong, and where

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Trouble:
    """The first thing wrong in a profile: the path of keys to it, and what it is."""

    place: Place
    what: str


def find_trouble(raw: dict[str, Any]) -> Trouble | None:
    """Check a profile's shape, then every word in it against the declarations."""
    try:
        found = TownProfile.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place: Place = tuple(first["loc"])
        if first["type"] == "extra_forbidden":
            known = SourceProfile.model_fields if len(place) > 1 else ("source", "name")
            return Trouble(place, f"there is no such key{_near(str(place[-1]), known)}")
        return Trouble(place, first["msg"])
    for number, source in enumerate(found.sources):
        trouble = _misnamed(source)
        if trouble is not None:
            return Trouble(("source", number, *trouble.place), trouble.what)
    return None


def _misnamed(source: SourceProfile) -> Trouble | None:
    """The first word of a source that no layer, field, code, unit or CRS has."""
    ids = [layer.id for layer in catalog.LAYERS]
    if source.layer not in ids:
        near = _near(source.layer, ids)
        return Trouble(("layer",), f"there is no layer {source.layer!r}{near}")
    layer = catalog.get(source.layer)
    known = {field.name: field for field in layer.fields}
    for table in ("map", "set", "codes", "units", "nulls"):
        for name in getattr(source, table):
            if name not in known:
                return Trouble(
                    (table, name), f"{layer.id} has no field {name!r}{_near(name, known)}"
                )
    for name, words in source.codes.items():
        values = [code.value for code in known[name].codes]
        for word, ours in words.items():
            if ours and ours not in values:
                near = _near(ours, values)
                return Trouble(
                    ("codes", name, word), f"{layer.id}.{name} has no code {ours!r}{near}"
                )
    for name, unit in source.units.items():
        if unit not in units.KNOWN and unit not in dates.STYLES:
            near = _near(unit, (*units.KNOWN, *dates.STYLES))
            return Trouble(("units", name), f"there is no unit {unit!r}{near}")
    return None


def _near(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), 1, 0.5)
    return f" (“{near[0]}”?)" if near else ""


def line_of(content: str, place: Place) -> int | None:
    """The line of a TOML text where the keys of `place` stand; None when it cannot be told."""
    number = -1
    inside: tuple[str, ...] = ()
    wanted = tuple(str(key) for key in place if not isinstance(key, int))[1:]
    index = next((key for key in place if isinstance(key, int)), None)
    start = None
    for line, text in enumerate(content.splitlines(), 1):
        plain = text.strip()
        if plain.startswith("[["):
            number, inside = number + 1, ()
            start = line if number == index else start
            continue
        if plain.startswith("["):
            inside = _keys(plain.strip("[]").split("]")[0])[1:]
            if number == index and inside == wanted[: len(inside)] == wanted:
                return line
            continue
        head = _keys(_KEY.match(plain)[0]) if _KEY.match(plain) else ()  # type: ignore[index]
        if index is None and head == tuple(map(str, place))[: len(head)] and head:
            return line
        whole = (*inside, *head)
        short = min(len(whole), len(wanted))
        if number == index and head and whole[:short] == wanted[:short]:
            return line
    return start


_KEY = re.compile(
    r"""(?:[\w\-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w\-]+|"[^"]*"|'[^']*'))*(?=\s*=)"""
)


def _keys(dotted: str) -> tuple[str, ...]:
    found = re.findall(r"""[\w\-]+|"[^"]*"|'[^']*'""", dotted)
    return tuple(key.strip("\"'") for key in found)
