"""docs/settings.md: every environment variable the platform reads, and what reads it."""

from pydantic.fields import FieldInfo

from api.settings import ServerSettings
from ops.docs.markdown import NOTICE, table

_INTRO = """\
Settings are environment variables with the prefix `MUANG_`. `./muang` sets those of the server
itself; set them by hand only where you run the parts yourself (compose, your own PostgreSQL).
A wrong or missing one stops the start with a sentence that names it.
"""

OTHERS: dict[str, str] = {
    "MUANG_CHROMIUM": "path of the Chromium the browser tests drive; `./muang test` finds one",
    "MUANG_PUBLISHED_PORT": "compose: port on the host, set by docker-compose.yml from MUANG_PORT",
    "MUANG_DB_PASSWORD": "compose: password of the database server, 12 characters or more",
    "MUANG_DEBUG": "any value: an unexpected error also prints its trace (command line)",
    "MUANG_DEMO": "compose: 1 serves the synthetic demo with its public password; 0 or unset a "
    "real town, which needs secrets of its own",
    "MUANG_DEV_API": "address `vite dev` passes API requests to (work on the dashboard)",
    "MUANG_FEED_KEY_<NAME>": "key of a feed that names it so (`--key NAME`); in no database",
    "MUANG_FEED_KEYS_FILE": "file of such keys, a line `NAME=value` each, that only its owner may "
    "read and `./muang feed key` writes; else `.muang/feed-keys`",
    "MUANG_FEED_SPOOL": "folder where readings wait until the database has them; else "
    "`.muang/feeds`",
    "MUANG_FUZZ_SEED": "seed of the fuzzed import files (tests), to see a run again",
    "MUANG_KEEP_RAW_DAYS": "days for which the imported file of a layer with personal data is kept "
    "before its key is deleted; 365",
    "MUANG_RAW_FILES": "folder of the files as they were imported, sealed, one folder a town; else "
    "`.muang/raw`. The server has no access to it",
    "MUANG_LANG": "`th` or `en`: language of the command line; else the locale's, else both",
    "MUANG_PYTHON": "path of the Python that `./muang` makes its `.venv` with",
    "MUANG_SHARED_DATA": "folder of real sample towns for the tests that use them; without it they "
    "look beside the checkout, and are skipped when nothing is there",
    "MUANG_TOKEN": "token a notebook sends; without it `./muang notebook` makes one of an analyst",
}
"""Variables read elsewhere than in the server's settings: name -> what it does."""

_DEFAULTS = {
    "secret_file": "none",
    "public_url": "`http://<host>:<port>`",
    "dashboard": "the build inside the `maps` package",
    "rasters": "none; `./muang` sets `.muang/rasters`",
}


def page() -> str:
    """The page's text."""
    lines = [NOTICE, "", "# Settings", "", _INTRO, "## The server", ""]
    lines += table(
        ("variable", "default", "what"),
        (
            (f"`{variable(name)}`", _default(name, field), field.description or "")
            for name, field in ServerSettings.model_fields.items()
        ),
    )
    lines += ["", "## Elsewhere", ""]
    lines += table(
        ("variable", "what"), ((f"`{name}`", text) for name, text in sorted(OTHERS.items()))
    )
    return "\n".join(lines) + "\n"


def variable(field: str) -> str:
    """The environment variable of a settings field."""
    return f"MUANG_{field.upper()}"


def _default(name: str, field: FieldInfo) -> str:
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    if field.is_required():
        return "none: must be set"
    return f"`{field.default}`" if field.default != "" else "none"
