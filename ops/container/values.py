"""The password and the secret a container is given, refused when missing, short or the demo's own.

Standard library only.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "MUANG_DB_PASSWORD"  # noqa: S105  a name
SECRET = "MUANG_SECRET"  # noqa: S105  a name
DEMO_TOWN = "phibun"

# what docker-compose.yml gives where nothing was set: the podman-compose of Debian 12 knows no
# empty default
_UNSET = "unset"
_DEMO_FILE = Path(__file__).with_name("demo.env")
_SHORTEST = {PASSWORD: 12, SECRET: 32}
_MAKE_ONE = "head -c 32 /dev/urandom | od -An -vtx1 | tr -d ' \\n'"


class RefusedValueError(Exception):
    """A setting we do not start with; `str()` is the sentence, Thai then English."""

    def __init__(self, th: str, en: str) -> None:
        super().__init__(f"{th}\n{en}")


@contextmanager
def said() -> Iterator[None]:
    """Turn a refusal into its sentence on stderr and exit status 1."""
    try:
        yield
    except RefusedValueError as refused:
        raise SystemExit(str(refused)) from None


@dataclass(frozen=True)
class Values:
    """What one container was given, checked. A value it did not ask for is empty."""

    demo: bool
    town: str
    password: str
    secret: str


def read(environ: Mapping[str, str], *needed: str) -> Values:
    """The checked values of the `needed` names (PASSWORD, SECRET).

    Each may be given as the variable itself or as `<NAME>_FILE`, the path of a file. With
    MUANG_DEMO=1 what is missing is the demo's. Raises RefusedValueError.
    """
    demo = _is_demo(environ)
    known = demo_values()
    found = {name: _checked(name, _given(name, environ), known[name], demo) for name in needed}
    return Values(
        demo=demo,
        town=_value("MUANG_TOWN", environ) or (DEMO_TOWN if demo else ""),
        password=found.get(PASSWORD, ""),
        secret=found.get(SECRET, ""),
    )


def take_away_unset(environ: MutableMapping[str, str]) -> None:
    """Leave out of the environment what docker-compose.yml had no value for.

    Where no address is published (MUANG_PUBLIC_URL) it is the port on the host's loopback.
    """
    for name in [name for name, value in environ.items() if value == _UNSET]:
        del environ[name]
    port = environ.pop("MUANG_PUBLISHED_PORT", "")
    if port:
        environ.setdefault("MUANG_PUBLIC_URL", f"http://127.0.0.1:{port}")


def demo_values() -> dict[str, str]:
    """Name -> value of `demo.env`."""
    lines = _DEMO_FILE.read_text(encoding="ascii").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _is_demo(environ: Mapping[str, str]) -> bool:
    asked = environ.get("MUANG_DEMO", "")
    if asked not in ("", "0", "1"):
        raise RefusedValueError(
            f"MUANG_DEMO ต้องเป็น 1 (ระบบสาธิต) หรือ 0 ไม่ใช่ “{asked}”",
            f"MUANG_DEMO is 1 (the demo) or 0, not “{asked}”.",
        )
    return asked == "1"


def _value(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    return "" if value == _UNSET else value


def _given(name: str, environ: Mapping[str, str]) -> str:
    path = environ.get(f"{name}_FILE", "")
    if not path:
        return _value(name, environ)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedValueError(
            f"อ่านไฟล์ที่ {name}_FILE บอกไว้ไม่ได้: {path}",
            f"The file that {name}_FILE names cannot be read: {path} ({error}).",
        ) from None


def _checked(name: str, value: str, demo_value: str, demo: bool) -> str:
    if not value and demo:
        return demo_value
    if not value:
        raise RefusedValueError(
            f"ยังไม่ได้ตั้งค่า {name} สร้างค่าใหม่ด้วย  {_MAKE_ONE}  แล้วใส่ในไฟล์ .env "
            "(ถ้าต้องการแค่ระบบสาธิต ตั้ง MUANG_DEMO=1)",
            f"{name} is not set. Make one with  {_MAKE_ONE}  and put it into the file .env "
            "(for the demo only: set MUANG_DEMO=1).",
        )
    if value == demo_value and not demo:
        raise RefusedValueError(
            f"{name} เป็นค่าของระบบสาธิตซึ่งใคร ๆ ก็รู้ ใช้กับข้อมูลจริงไม่ได้ สร้างค่าใหม่ด้วย  {_MAKE_ONE}",
            f"{name} is the demo's own, which everybody knows: it is not accepted without "
            f"MUANG_DEMO=1. Make one with  {_MAKE_ONE}",
        )
    if len(value) < _SHORTEST[name] or not value.isascii() or not value.isprintable():
        raise RefusedValueError(
            f"{name} ต้องเป็นตัวอักษรอังกฤษ ตัวเลข หรือเครื่องหมาย อย่างน้อย {_SHORTEST[name]} ตัว "
            f"สร้างค่าใหม่ด้วย  {_MAKE_ONE}",
            f"{name} must be at least {_SHORTEST[name]} ASCII characters. "
            f"Make one with  {_MAKE_ONE}",
        )
    return value
