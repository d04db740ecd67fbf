"""What a person asks of an import, in one frozen record; nothing in it is read from anywhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from etl.profile import NO_PROFILE, Constant, TownProfile
from etl.read import Limits
from layers.errors import BadRequestError
from layers.model import Layer
from layers.text import Text

Mode = Literal["upsert", "replace", "append"]
Tell = Callable[[str, int, int | None], None]
"""`tell(what, done, total)`: how far the work is."""


def silent(_what: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class JoinOrder:
    """A table to join: `key` in the table, `file_key` in the file (None: the same name)."""

    path: Path
    key: str
    file_key: str | None = None


@dataclass(frozen=True)
class ImportOrder:
    """One import: `files` into `layer`, by whom (`actor`), with everything said about them."""

    layer: Layer
    files: tuple[Path, ...]
    actor: str
    mode: Mode = "upsert"
    layer_in_file: str | None = None
    joins: tuple[JoinOrder, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, Constant] = field(default_factory=dict)
    crs: str | None = None
    datum_operation: str | None = None
    encoding: str | None = None
    source: str | None = None
    dry_run: bool = False
    profile: TownProfile = NO_PROFILE
    limits: Limits = field(default_factory=Limits)
    resubmits: int | None = None

    def __post_init__(self) -> None:
        """BadRequestError for a layer no file is loaded into."""
        if self.layer.computed:
            raise BadRequestError(
                Text(
                    th=f"ชั้น {self.layer.id} ระบบทำขึ้นเอง นำเข้าไฟล์ไม่ได้",
                    en=f"The platform writes the layer {self.layer.id} itself; "
                    "no file can be imported into it.",
                )
            )


def parse_join(text: str) -> JoinOrder:
    """`FILE:KEY`, or `FILE:KEY_OF_TABLE=KEY_OF_FILE` where the two are called differently."""
    name, colon, key = text.rpartition(":")
    if not colon or not name or not key:
        raise BadRequestError(
            Text(
                th=f"เขียน --join เป็น ไฟล์:คอลัมน์รหัส ไม่ใช่ “{text}”",
                en=f"Write --join as FILE:KEY, not “{text}”.",
            )
        )
    table_key, equals, file_key = key.partition("=")
    return JoinOrder(Path(name), table_key, file_key if equals else None)


def parse_pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """`target=source` texts of an option as a dict; BadRequestError for anything else."""
    found: dict[str, str] = {}
    for text in texts:
        target, equals, source = text.partition("=")
        if not equals or not target.strip() or not source.strip():
            raise BadRequestError(
                Text(
                    th=f"เขียน {option} เป็น ช่อง=ค่า ไม่ใช่ “{text}”",
                    en=f"Write {option} as target=source, not “{text}”.",
                )
            )
        if target.strip() in found:
            raise BadRequestError(
                Text(
                    th=f"{option} ระบุ {target.strip()} สองครั้ง",
                    en=f"{option} names {target.strip()} twice.",
                )
            )
        found[target.strip()] = source.strip()
    return found
