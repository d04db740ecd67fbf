"""`python -m api.describe [FILE]`: the OpenAPI description, without a database or a server."""

import json
import sys
from pathlib import Path

from api.app import create_app
from api.settings import ServerSettings


def document() -> str:
    """OpenAPI 3.1 as indented JSON, ending in a newline; the same whatever the environment says."""
    settings = ServerSettings(
        database_url="postgresql://nowhere",
        secret="-" * 32,  # nothing is opened before the lifespan
        secret_file=None,
        host="127.0.0.1",
        port=8000,
        public_url="http://127.0.0.1:8000",
        dashboard=Path(),
    )
    return json.dumps(create_app(settings).openapi(), ensure_ascii=False, indent=2) + "\n"


def main() -> None:
    """Write the description to the file named, or to standard output."""
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(document(), encoding="utf-8")
    else:
        sys.stdout.write(document())


if __name__ == "__main__":
    main()
