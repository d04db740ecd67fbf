"""What a municipality's own files look like: field maps, code lists and units, as data (TOML).

`etl/towns/<town id>.toml` is used by itself for imports into that town; any other file can be
named with `--profile`. What is said on the command line wins over the profile.
"""

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from layers import catalog
from layers.errors import BadRequestError, NotFoundError
from layers.text import Text

_TOWNS = Path(__file__).parent / "towns"

Constant = str | int | float | bool


class SourceProfile(BaseModel):
    """How one kind of file becomes rows of one layer.

    `map` target = column of the file (or of a joined table), `set` target = the same value for
    every row, `codes` field = {the file's word, a pattern with * or ?, or "" for an empty cell:
    our code}, `units` field = the file's unit, `nulls` field = values that mean "not known".
    `files` are name patterns.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layer: str
    files: tuple[str, ...] = ("*",)
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

    def for_file(self, layer_id: str, file_name: str) -> SourceProfile | None:
        """The first source of that layer whose name pattern fits the file."""
        for source in self.sources:
            if source.layer == layer_id and any(
                fnmatchcase(file_name, pattern) for pattern in source.files
            ):
                return source
        return None


NO_PROFILE = TownProfile()


def of_town(town_id: str) -> TownProfile:
    """The profile shipped for a town, or an empty one."""
    path = _TOWNS / f"{town_id}.toml"
    return load(path) if path.is_file() else NO_PROFILE


def load(path: Path) -> TownProfile:
    """Read a profile; BadRequestError names the first thing that is wrong in it."""
    try:
        with path.open("rb") as handle:
            found = TownProfile.model_validate(tomllib.load(handle))
        for source in found.sources:
            _check(source)
    except OSError as error:
        raise BadRequestError(
            Text(th=f"เปิดแฟ้มตั้งค่า “{path}” ไม่ได้", en=f"The profile “{path}” cannot be opened.")
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise _wrong(path, str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _wrong(path, f"{where}: {first['msg']}") from error
    except NotFoundError as error:
        raise _wrong(path, error.detail.en) from error
    return found.model_copy(update={"name": path.name})


def _check(source: SourceProfile) -> None:
    layer = catalog.get(source.layer)
    known = {field.name: field for field in layer.fields}
    for name in (*source.map, *source.set, *source.codes, *source.units, *source.nulls):
        if name not in known:
            raise NotFoundError(
                Text(th=f"ไม่มีช่อง {layer.id}.{name}", en=f"{layer.id} has no field {name}")
            )
    for name, words in source.codes.items():
        values = {code.value for code in known[name].codes} | {""}
        for ours in words.values():
            if ours not in values:
                raise NotFoundError(
                    Text(th=f"{name} ไม่มีรหัส {ours}", en=f"{layer.id}.{name} has no code {ours!r}")
                )


def _wrong(path: Path, what: str) -> BadRequestError:
    return BadRequestError(
        Text(th=f"แฟ้มตั้งค่า “{path}” ผิด: {what}", en=f"The profile “{path}” is wrong: {what}.")
    )
