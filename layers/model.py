"""The words a layer is declared in: Role, Field, Layer and their small parts. Frozen and validated.

A layer is declared once, in a module of its own; tables, views, grants, tiles, collections,
styles, legends, documentation and import checks are all derived from that one object.
"""

import re
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from layers.style import Style
from layers.text import Text

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


class Role(StrEnum):
    """Who is asking. Each role is a PostgreSQL login role of its own in every town."""

    PUBLIC = "public"
    STAFF = "staff"
    COORDINATOR = "coordinator"
    TEAM = "team"
    CARE = "care"
    ANALYST = "analyst"
    ADMIN = "admin"


Audience = frozenset[Role]

EVERYONE: Audience = frozenset(Role)
OFFICE: Audience = frozenset({Role.STAFF, Role.COORDINATOR, Role.ADMIN})
"""The audience of every layer and field that states none: closed by default."""
INTERNAL: Audience = OFFICE | {Role.TEAM, Role.CARE, Role.ANALYST}
CARERS: Audience = frozenset({Role.CARE, Role.ADMIN})
DESK: Audience = OFFICE
"""Who keeps the records of an operation: what is closed, open, without power, on its way."""
RESCUERS: Audience = CARERS | {Role.COORDINATOR, Role.TEAM}
"""Those who fetch people: they see homes only within their scope, and never a diagnosis."""
REGISTRY: Audience = frozenset({Role.STAFF, Role.ADMIN})
"""Units that need owners' and licence holders' names: registry and revenue."""


class FieldType(StrEnum):
    """The type of a field's value. Dates are Gregorian inside, Buddhist only on screens."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TEXT_LIST = "text_list"


class GeometryKind(StrEnum):
    """OGC geometry type of a layer; the stored type is exactly this one, in two dimensions."""

    POINT = "Point"
    MULTILINESTRING = "MultiLineString"
    MULTIPOLYGON = "MultiPolygon"

    @property
    def dimension(self) -> int:
        """Topological dimension: 0 point, 1 line, 2 area."""
        return {"Point": 0, "MultiLineString": 1, "MultiPolygon": 2}[self.value]


_LINES = GeometryKind.MULTILINESTRING


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Code(_Frozen):
    """One value of a coded field and what people call it."""

    value: str
    label: Text


class Field(_Frozen):
    """One attribute of a layer.

    `audience` is who may see, filter, sort or count by it. `personal` marks data about an
    identifiable person (PDPA). `in_tile` puts it into vector tiles: only what a style needs.
    `references` names the layer whose natural key the value repeats.
    """

    name: str
    type: FieldType
    title: Text
    description: Text | None = None
    audience: Audience = OFFICE
    required: bool = False
    codes: tuple[Code, ...] = ()
    unit: str | None = None
    personal: bool = False
    minimum: float | None = None
    maximum: float | None = None
    in_tile: bool = False
    references: str | None = None

    @field_validator("name")
    @classmethod
    def _name_is_a_plain_identifier(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(f"field name {name!r} is not lower snake_case")
        return name

    @model_validator(mode="after")
    def _personal_is_never_public(self) -> Self:
        if self.personal and Role.PUBLIC in self.audience:
            raise ValueError(f"{self.name}: a personal field cannot be public")
        if self.codes and self.type not in (FieldType.TEXT, FieldType.TEXT_LIST):
            raise ValueError(f"{self.name}: only text fields have codes")
        return self


class Scope(StrEnum):
    """How far a role sees within a rule when that depends on the person and the moment.

    `communities`: a caregiver's own communities (all, when not limited). `event`: while an event
    is open. `tasks`: what the own crew has been given and not yet finished. Scoped rows are read
    through a definer function of the database; the role has no view of the layer.
    """

    COMMUNITIES = "communities"
    EVENT = "event"
    TASKS = "tasks"


class RowRule(_Frozen):
    """Rows where `field` equals `value` exist only for `audience`, for some only in a scope.

    Without `field` and `value` the rule is about every row of the layer.
    """

    field: str | None = None
    value: str | None = None
    audience: Audience
    scopes: tuple[tuple[Role, Scope], ...] = ()

    @model_validator(mode="after")
    def _is_about_a_value_or_every_row(self) -> Self:
        if (self.field is None) != (self.value is None):
            raise ValueError("a row rule names both field and value, or neither")
        return self

    def scope(self, role: Role) -> Scope | None:
        """The scope a role is held to within this rule; None: every row of the rule."""
        return dict(self.scopes).get(role)


class Zooms(_Frozen):
    """Zoom levels (Web Mercator quad) at which a layer has tiles.

    Below `cells_below`, when it is given, features may be too small and too many: a tile that
    has too many then holds the cells of a grid instead, each with a count and the commonest class.
    """

    min: int = 10
    max: int = 18
    cells_below: int | None = None

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        cells = self.max if self.cells_below is None else self.cells_below
        if not 0 <= self.min <= cells <= self.max or self.cells_below == self.min:
            raise ValueError("zooms grow from min over cells_below to max")
        return self


class Freshness(_Frozen):
    """How old a layer may be, in days, before the screen calls it old. None: never."""

    days: float | None = None


class Layer(_Frozen):
    """One layer of the town, declared once.

    `geometry` None means a plain table. `natural_key` is what the outside world calls a row;
    it is indexed but not unique, because real files repeat keys and nothing may be lost.
    `row_rules`, when present, are the only rows a role sees (union of the rules naming it).
    `editors` make, change and delete single records over HTTP; nobody, unless said.
    `coverage`: features lie side by side, without overlaps and slits between them.
    `computed`: the platform writes the rows itself; nothing is imported into such a layer.
    `drawn_apart` names a field and a value: rows with it are left out of tiles, because another
    layer draws what they say (60 floods of one gauge lie on top of each other).
    `drawn_between` names the fields with the first and the last zoom at which a row is in tiles;
    null is no limit.
    Search finds rows by the beginning of a field in `found_by_code` and by words, also misspelt
    ones, in `found_by_words`; both are text.
    """

    id: str
    title: Text
    description: Text
    geometry: GeometryKind | None
    fields: tuple[Field, ...]
    natural_key: tuple[str, ...]
    audience: Audience = OFFICE
    editors: Audience = frozenset()
    row_rules: tuple[RowRule, ...] = ()
    class_field: str | None = None
    zooms: Zooms = Zooms()
    freshness: Freshness = Freshness()
    style: Style | None = None
    coverage: bool = False
    computed: bool = False
    drawn_apart: tuple[str, str] | None = None
    drawn_between: tuple[str, str] | None = None
    found_by_code: tuple[str, ...] = ()
    found_by_words: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if not _NAME.fullmatch(self.id):
            raise ValueError(f"layer id {self.id!r} is not lower snake_case")
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.id}: a field is declared twice")
        known = set(names)
        searched = (*self.found_by_code, *self.found_by_words)
        asked = [
            *self.natural_key,
            *searched,
            *(rule.field for rule in self.row_rules if rule.field),
        ]
        if self.class_field:
            asked.append(self.class_field)
        if self.style:
            asked.extend(self.style.fields)
        for name in asked:
            if name not in known:
                raise ValueError(f"{self.id}: {name!r} is used but not declared")
        clash = known & {field.name for field in SYSTEM_FIELDS} | known & {"geom", "geom_3857"}
        if clash:
            raise ValueError(f"{self.id}: {sorted(clash)} are the platform's own columns")
        if self.style:
            hidden = set(self.style.fields) - {f.name for f in self.fields if f.in_tile}
            if hidden:
                raise ValueError(f"{self.id}: the style needs {sorted(hidden)} in the tile")
        return self

    @model_validator(mode="after")
    def _editors_see_all_of_it(self) -> Self:
        """Who replaces a record must know all of it, or would wipe out what they cannot see."""
        if self.editors and self.row_rules:
            raise ValueError(f"{self.id}: a layer with row rules is not edited record by record")
        for field in self.fields:
            if not self.editors <= field.audience & self.audience:
                raise ValueError(f"{self.id}: not every editor sees {field.name}")
        return self

    @model_validator(mode="after")
    def _may_lie_side_by_side(self) -> Self:
        if self.coverage and self.geometry is not GeometryKind.MULTIPOLYGON:
            raise ValueError(f"{self.id}: only areas can lie side by side")
        return self

    @model_validator(mode="after")
    def _may_be_drawn_apart(self) -> Self:
        if self.drawn_apart is not None:
            self.field(self.drawn_apart[0])
            if self.cells:
                raise ValueError(f"{self.id}: cells would count rows that are drawn apart")
        return self

    @model_validator(mode="after")
    def _may_be_drawn_between(self) -> Self:
        for name in self.drawn_between or ():
            field = self.field(name)
            if field.type is not FieldType.INTEGER or not field.in_tile or self.cells:
                raise ValueError(f"{self.id}: {name!r} cannot say at which zooms a row is drawn")
        return self

    @model_validator(mode="after")
    def _is_found_by_text(self) -> Self:
        for name in (*self.found_by_code, *self.found_by_words):
            if self.field(name).type is not FieldType.TEXT:
                raise ValueError(f"{self.id}: search reads text, which {name!r} is not")
        return self

    @model_validator(mode="after")
    def _may_be_counted(self) -> Self:
        """A count over rows that are not for everyone who sees the layer would tell of them."""
        if self.zooms.cells_below is None:
            return self
        if self.row_rules or self.style is None or self.geometry in (None, _LINES):
            raise ValueError(f"{self.id}: only drawn points and areas without row rules have cells")
        banned = {"count", *(field.name for field in self.fields if field.personal)}
        if self.style.field in banned or "count" in {field.name for field in self.fields}:
            raise ValueError(f"{self.id}: cells cannot tell of {self.style.field or 'count'}")
        return self

    @property
    def personal(self) -> bool:
        """Whether any of its fields is about identifiable persons."""
        return any(field.personal for field in self.fields)

    @property
    def rendered(self) -> bool:
        """Whether tiles read a table of their own, kept beside the layer's for drawing.

        It is made for areas and lines, and for points drawn as cells from afar; never for a
        layer with row rules, whose rows only its own views and functions give out.
        """
        if self.style is None or self.geometry is None or self.row_rules:
            return False
        return self.geometry is not GeometryKind.POINT or self.zooms.cells_below is not None

    @property
    def cells(self) -> str | None:
        """Name of the tile layer of counted cells; None: it has none."""
        return None if self.zooms.cells_below is None else f"{self.id}_cells"

    def may_be_cells(self, zoom: int) -> bool:
        """Whether a tile of this zoom holds the layer's cells where it has too many features."""
        return zoom < (self.zooms.cells_below or 0)

    @property
    def label_points(self) -> str | None:
        """Name of the tile layer with one point an area for its name; None: it has none.

        Tiles cut an area into pieces and a map names each piece; so the tiles of areas with a
        name carry that name once more, at one point of the whole.
        """
        named = self.style is not None and self.style.label
        return f"{self.id}_label" if named and self.geometry is GeometryKind.MULTIPOLYGON else None

    def field(self, name: str) -> Field:
        """The field of that name, system fields included; KeyError when there is none."""
        for field in (*self.fields, *SYSTEM_FIELDS):
            if field.name == name:
                return field
        raise KeyError(name)


SYSTEM_FIELDS: tuple[Field, ...] = (
    Field(
        name="id",
        type=FieldType.INTEGER,
        title=Text(th="เลขระเบียน", en="Record no."),
        audience=EVERYONE,
        required=True,
    ),
    Field(
        name="source",
        type=FieldType.TEXT,
        title=Text(th="แหล่งข้อมูล", en="Source"),
        audience=EVERYONE,
    ),
    Field(
        name="dataset_id",
        type=FieldType.INTEGER,
        title=Text(th="ชุดข้อมูล", en="Dataset"),
        audience=INTERNAL,
    ),
    Field(
        name="updated_at",
        type=FieldType.DATETIME,
        title=Text(th="แก้ไขเมื่อ", en="Updated"),
        audience=EVERYONE,
        required=True,
    ),
    Field(
        name="updated_by",
        type=FieldType.TEXT,
        title=Text(th="แก้ไขโดย", en="Updated by"),
        audience=OFFICE,
        required=True,
    ),
)
"""Columns every layer's table has besides its own fields."""
