"""Health check of the server's container: 0 when `/readyz` answers 200. Standard library only."""

import http.client
import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit

_TIMEOUT_S = 4.0


def check(environ: Mapping[str, str]) -> tuple[bool, str]:
    """Whether the server of this container is ready, and what it said."""
    port = int(environ.get("MUANG_PORT") or "8000")
    # the server answers for the names people use and no other
    name = urlsplit(environ.get("MUANG_PUBLIC_URL", "")).netloc or f"127.0.0.1:{port}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz", headers={"Host": name, "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(4096).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return False, str(error)
    finally:
        connection.close()
    return answer.status == http.HTTPStatus.OK, body


if __name__ == "__main__":
    ready, told = check(os.environ)
    print(told)
    sys.exit(0 if ready else 1)
