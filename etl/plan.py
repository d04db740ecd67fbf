"""Which column of the file becomes which field: given, from the profile, or guessed."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made
from difflib import get_close_matches
from types import MappingProxyType
from typing import Literal

from etl import dates, units
from etl.profile import Constant, SourceProfile
from layers.errors import BadRequestError, RefusedError
from layers.model import Field, FieldType, Layer
from layers.text import Text

How = Literal["given", "profile", "guessed", "constant", "key of the join"]

ROW_NUMBER = "@row"
"""As a source: the row's number in the import, for files without any key."""

_DBF_LENGTH = 10
_SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("site_name", "sitename", "ชื่อ", "name_th", "nameth"),
        "facility_name": ("site_name", "sitename", "name", "ชื่อ"),
        "address": ("addr", "full_address", "location", "ที่อยู่", "สถานที่"),
        "phone": ("tel", "telephone", "phone_no", "โทร", "เบอร์โทร", "เบอร์โทรศัพท์"),
        "code": ("รหัส",),
    }
)


@dataclass(frozen=True)
class Entry:
    """Where one field's values come from: a column, the row number, or one constant."""

    field: Field
    how: How
    column: str | None = None
    constant: Constant | None = None
    unit: str | None = None
    codes: Mapping[str, str] = made(default_factory=dict)
    nulls: frozenset[str] = frozenset()
    confidence: float = 1.0

    @property
    def source(self) -> str | None:
        """The column as it is said on a command line or in a field map, with its unit."""
        return f"{self.column}:{self.unit}" if self.column and self.unit else self.column

    def told(self) -> str:
        """`target = source (how)`, for a person."""
        source = repr(self.constant) if self.column is None else self.column
        unit = f" [{self.unit}]" if self.unit else ""
        sure = f" {self.confidence:.0%}" if self.confidence < 1 else ""
        return f"{self.field.name} = {source}{unit} ({self.how}{sure})"


@dataclass(frozen=True)
class Plan:
    """Entries in the layer's field order, and the columns nothing was made of."""

    entries: tuple[Entry, ...]
    unused: tuple[str, ...]

    def entry(self, name: str) -> Entry | None:
        """The entry of a field, or None."""
        return next((entry for entry in self.entries if entry.field.name == name), None)


def make_plan(
    layer: Layer,
    columns: Iterable[str],
    *,
    file: str,
    mapping: Mapping[str, str],
    constants: Mapping[str, Constant],
    profile: SourceProfile | None = None,
    join_key: str | None = None,
) -> Plan:
    """Decide every field's source. RefusedError when a column or the layer's key is missing.

    `join_key` is the file's column that tables are joined by: it stands in for an unnamed key.
    """
    _check_targets(layer, (*mapping, *constants))
    maker = _Maker(
        tuple(dict.fromkeys(columns)),
        file,
        mapping,
        constants,
        profile or SourceProfile(layer=layer.id),
    )
    entries = maker.stated(layer)
    used = {entry.column for entry in entries.values()}
    for field in layer.fields:
        if field.name not in entries and (guess := _guess(field, maker.names, used)):
            column, confidence = guess
            entries[field.name] = replace(
                maker.entry(field, "guessed", column), confidence=confidence
            )
            used.add(column)
    entries |= _own_words(layer, entries, maker)
    if join_key is not None and len(layer.natural_key) == 1:
        key = layer.field(layer.natural_key[0])
        entries.setdefault(key.name, maker.entry(key, "key of the join", join_key))
    for field in layer.fields:
        if field.name in entries:
            continue
        if field.name in layer.natural_key:
            raise _no_key(layer, field.name, maker)
        if field.required:
            raise _missing_required(field, maker)
    ordered = tuple(entries[field.name] for field in layer.fields if field.name in entries)
    taken = {entry.column for entry in ordered}
    return Plan(ordered, tuple(name for name in maker.names if name not in taken))


def _own_words(layer: Layer, entries: Mapping[str, Entry], maker: "_Maker") -> dict[str, Entry]:
    """Where a coded field has a companion `<name>_detail`, the file's own words go there.

    So a word that is in no code list is kept on the row, not only counted.
    """
    found: dict[str, Entry] = {}
    for name, entry in entries.items():
        detail = next((field for field in layer.fields if field.name == f"{name}_detail"), None)
        if detail and entry.field.codes and entry.column and detail.name not in entries:
            found[detail.name] = maker.entry(detail, entry.how, entry.column)
    return found


def _check_targets(layer: Layer, targets: Iterable[str]) -> None:
    known = [field.name for field in layer.fields]
    for target in targets:
        if target not in known:
            near = get_close_matches(target, known, 1)
            guess = f" (“{near[0]}”?)" if near else ""
            raise BadRequestError(
                Text(
                    th=f"ชั้นข้อมูล {layer.id} ไม่มีช่อง “{target}”{guess} ช่องที่มี: {', '.join(known)}",
                    en=f"The layer {layer.id} has no field “{target}”{guess}. "
                    f"Its fields are: {', '.join(known)}.",
                )
            )


@dataclass(frozen=True)
class _Maker:
    """What a file offers and what was said about it."""

    names: tuple[str, ...]
    file: str
    mapping: Mapping[str, str]
    constants: Mapping[str, Constant]
    profile: SourceProfile

    def stated(self, layer: Layer) -> dict[str, Entry]:
        """Entries said on the command line or in the profile; the command line wins."""
        found = ((field.name, self._stated(field)) for field in layer.fields)
        return {name: entry for name, entry in found if entry is not None}

    def _stated(self, field: Field) -> Entry | None:
        name = field.name
        if name in self.constants:
            return Entry(field, "constant", constant=self.constants[name])
        if name in self.mapping:
            return self.entry(field, "given", self.mapping[name])
        if name in self.profile.set:
            return Entry(field, "constant", constant=self.profile.set[name])
        source = self.profile.map.get(name)
        # a profile may serve several years of a file: a column that is not there is left out
        if source and split_unit(source, self.names)[0] in (*self.names, ROW_NUMBER):
            return self.entry(field, "profile", source)
        return None

    def entry(self, field: Field, how: How, source: str) -> Entry:
        """One field from one column, with its unit, code list and words for "not known"."""
        column, unit = split_unit(source, self.names)
        if column != ROW_NUMBER and column not in self.names:
            raise _no_column(column, field, self)
        unit = unit or self.profile.units.get(field.name)
        if unit is not None and not _unit_fits(unit, field):
            raise BadRequestError(
                Text(
                    th=f"หน่วย “{unit}” ใช้กับช่อง {field.name} ({field.unit or '-'}) ไม่ได้",
                    en=f"The unit “{unit}” does not fit the field {field.name} "
                    f"({field.unit or '-'}).",
                )
            )
        return Entry(
            field,
            how,
            column=column,
            unit=None if unit == field.unit else unit,
            codes=self.profile.codes.get(field.name, {}),
            nulls=frozenset(self.profile.nulls.get(field.name, ())),
        )

    @property
    def listed(self) -> str:
        """The file's columns, for a sentence."""
        return ", ".join(self.names[:40])


def _unit_fits(unit: str, field: Field) -> bool:
    """Whether a column said to be in `unit` can fill a field: an area, a length, a date's order."""
    if unit in dates.STYLES:
        return field.type in (FieldType.DATE, FieldType.DATETIME)
    return units.fits(unit, field.unit)


def split_unit(source: str, names: Collection[str]) -> tuple[str, str | None]:
    """`LandArea:ft2` -> (`LandArea`, `ft2`), unless a column really has that name."""
    head, colon, tail = source.rpartition(":")
    if source not in names and colon and (tail in units.KNOWN or tail in dates.STYLES):
        return head, tail
    return source, None


def normal(name: str) -> str:
    """A name without case, blanks and punctuation; Thai vowels and tone marks stay."""
    return re.sub(r"[\s_\-./()\[\]:]+", "", name).casefold()


def _guess(
    field: Field, names: Iterable[str], used: Collection[str | None]
) -> tuple[str, float] | None:
    """The one unused column whose name says it is this field, and how surely.

    None when none or several do. The field's own name or title is sure (1.0), a name cut to ten
    characters nearly (0.9), another usual word for it less so (0.7).
    """
    free = [name for name in names if name not in used]
    if field.type is FieldType.TEXT_LIST and field.personal:
        return None
    own = {normal(field.name), normal(field.title.th), normal(field.title.en)}
    # a Shapefile cuts names to ten characters
    cut = {normal(field.name[:_DBF_LENGTH])} if len(field.name) > _DBF_LENGTH else set()
    usual = {normal(word) for word in _SYNONYMS.get(field.name, ())}
    for tier in (own | cut, usual):
        found = [name for name in free if normal(name) in tier]
        exact = [name for name in found if name.casefold() == field.name]
        if len(found) == 1 or exact:
            name = (exact or found)[0]
            sure = 1.0 if normal(name) in own else 0.9 if normal(name) in cut else 0.7
            return name, sure
    return None


def _no_column(column: str, field: Field, maker: _Maker) -> RefusedError:
    near = get_close_matches(column, maker.names, 1, 0.5)
    guess = f" (“{near[0]}”?)" if near else ""
    return RefusedError(
        Text(
            th=f"ไม่รับไฟล์ “{maker.file}”: ไม่มีคอลัมน์ “{column}” สำหรับ {field.name}{guess}"
            f" คอลัมน์ที่มี: {maker.listed}",
            en=f"“{maker.file}” is refused: it has no column “{column}” for {field.name}{guess}. "
            f"Its columns are: {maker.listed}.",
        )
    )


def _no_key(layer: Layer, name: str, maker: _Maker) -> RefusedError:
    return RefusedError(
        Text(
            th=f"ไม่รับไฟล์ “{maker.file}”: ไม่รู้ว่าคอลัมน์ใดเป็นรหัส ({name}) ของ {layer.id}"
            f" ระบุด้วย --map {name}=<คอลัมน์> หรือ --map {name}={ROW_NUMBER} ถ้าไฟล์ไม่มีรหัส"
            f" คอลัมน์ที่มี: {maker.listed}",
            en=f"“{maker.file}” is refused: no column is known to be the key ({name}) of "
            f"{layer.id}. Say --map {name}=<column>, or --map {name}={ROW_NUMBER} if the file "
            f"has no key. Its columns are: {maker.listed}.",
        )
    )


def _missing_required(field: Field, maker: _Maker) -> RefusedError:
    words = ", ".join(code.value for code in field.codes)
    values = f" ({words})" if words else ""
    name = field.name
    return RefusedError(
        Text(
            th=f"ไม่รับไฟล์ “{maker.file}”: ไม่มีคอลัมน์สำหรับ {name} “{field.title.th}” ซึ่งต้องมี"
            f" ระบุด้วย --map {name}=<คอลัมน์> หรือ --set {name}=<ค่า>{values}"
            f" คอลัมน์ที่มี: {maker.listed}",
            en=f"“{maker.file}” is refused: it has no column for {name} “{field.title.en}”, "
            f"which must be there. Say --map {name}=<column> or --set {name}=<value>{values}. "
            f"Its columns are: {maker.listed}.",
        )
    )
