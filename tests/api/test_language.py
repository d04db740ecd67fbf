"""Which language a caller is answered in."""

import pytest
from starlette.types import Scope

from api.language import from_header, of_scope
from tests.api.caller import Caller


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        (None, None),
        ("", None),
        ("th", "th"),
        ("en-GB,th;q=0.8", "en"),
        ("en;q=0.2, th;q=0.9", "th"),
        ("de, fr;q=0.5", None),
        ("th;q=0, en;q=0.1", "en"),
        ("th;q=nonsense", None),
        ("TH-th", "th"),
    ],
)
def test_accept_language(header: str | None, lang: str | None) -> None:
    assert from_header(header) == lang


@pytest.mark.parametrize(
    ("query", "header", "lang"),
    [
        (b"", b"en", "en"),
        (b"lang=th", b"en", "th"),
        (b"lang=xx", b"en", "en"),
        (b"", b"", "th"),
    ],
)
def test_query_comes_before_header(query: bytes, header: bytes, lang: str) -> None:
    scope: Scope = {"query_string": query, "headers": [(b"accept-language", header)]}
    assert of_scope(scope) == lang


def test_a_language_we_do_not_have_is_refused(caller: Caller) -> None:
    answer = caller.get("/me?lang=de", headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert "“lang” must be 'th' or 'en'" in answer.json()["detail"]
