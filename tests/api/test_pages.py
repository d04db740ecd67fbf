"""Files we serve: cache headers that fit them, nothing outside the folder, no foreign host."""

import asyncio
import re
from pathlib import Path

import pytest
from starlette.requests import Request

from api.assets import IMMUTABLE, Folder
from tests.api.caller import NOBODY, Caller


def test_index_is_asked_about_every_time(caller: Caller) -> None:
    page = caller.get("/?zone=Z100&view=15/15.2/105.2&lang=th")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    again = caller.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""


def test_the_sign_in_page_is_everybodys(caller: Caller) -> None:
    page = caller.get("/login?next=/&error=refused", NOBODY)
    assert page.status_code == 200
    assert "ลงชื่อเข้าใช้" in page.text
    assert page.headers["cache-control"] == "no-cache"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_hashed_assets_are_kept_for_ever(caller: Caller) -> None:
    script = caller.get("/assets/index-Ab3dEf9_.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == IMMUTABLE
    assert script.headers["content-encoding"] == "gzip"
    font = caller.get("/assets/fonts/sarabun-thai-400-normal.woff2")
    assert font.headers["content-type"] == "font/woff2"
    assert font.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../secret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%00",
        "/assets/",
        "/assets/fonts",
        "/docs/..%2fapp.py",
        "/docs/../app.py",
        "/secret.txt",
    ],
)
def test_nothing_outside_the_folder(caller: Caller, path: str) -> None:
    answer = caller.get(path)
    assert answer.status_code in (307, 404)
    assert b"not yours" not in answer.content


def test_docs_are_ours(caller: Caller) -> None:
    page = caller.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "/docs/docs.js" in parts
    for part in parts:
        assert part.startswith("/")
        assert caller.get(part).status_code == 200
    for name in ("docs.html", "docs.js", "docs.css"):
        assert not re.findall(r"https?://|@import|//cdn", caller.get(f"/docs/{name}").text)
    assert "<script>" not in page.text
    assert "style=" not in page.text


def test_an_address_that_looks_like_another_host_is_nothing_of_ours(caller: Caller) -> None:
    assert caller.get("/%2Fevil.example/").status_code == 404


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip, br;q=0", "gzip"), ("identity", None), ("", None)],
)
@pytest.mark.parametrize("name", ["page-Ab3dEf9_.js", "page.js"])
def test_what_the_build_has_packed_is_sent_as_it_lies(
    tmp_path: Path, name: str, accepted: str, encoding: str | None
) -> None:
    (tmp_path / name).write_text("// " + "x" * 600, encoding="utf-8")
    (tmp_path / f"{name}.br").write_bytes(b"packed")
    headers = [(b"accept-encoding", accepted.encode())]
    asked = Request({"type": "http", "method": "GET", "path": "/", "headers": headers})
    answer = asyncio.run(Folder(tmp_path, hashed=True).answer(asked, name))
    # a name without its content's hash may have outlived what was packed
    wanted = "gzip" if name == "page.js" and encoding == "br" else encoding
    assert answer.headers.get("content-encoding") == wanted
    assert (answer.body == b"packed") == (wanted == "br")
    assert answer.headers["vary"] == "Accept-Encoding"
