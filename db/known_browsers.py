"""Browsers somebody has signed in with: strangers' wrong guesses do not make their owner wait.

A browser keeps a random number and, for each of its last few accounts, a mark: an HMAC of both.
The mark of one account says nothing about another, opens nothing, and only leads to a counter
of failures of its own, as strict as a stranger's.
"""

import base64
import hashlib
import hmac
import re
import secrets

DAYS = 180
_MOST = 8
"""Accounts one browser is known by: the shifts at one desk."""
_FORM = re.compile(rf"[A-Za-z0-9_-]{{22}}(?:\.[A-Za-z0-9_-]{{22}}){{1,{_MOST}}}")


def browser_of(secret: str, kept: str, account_id: int) -> str | None:
    """The browser's number when it is known by this account, by what its cookie holds."""
    if not _FORM.fullmatch(kept):
        return None
    browser, *marks = kept.split(".")
    wanted = _mark(secret, browser, account_id)
    # each is looked at: how long it takes must not tell which one it was
    found = [hmac.compare_digest(mark, wanted) for mark in marks]
    return browser if any(found) else None


def known_by(secret: str, kept: str, account_id: int) -> str:
    """What the cookie holds from now on: this account's mark before those there were."""
    good = _FORM.fullmatch(kept)
    browser, *marks = kept.split(".") if good else [secrets.token_urlsafe(16)]
    mine = _mark(secret, browser, account_id)
    return ".".join([browser, mine, *(mark for mark in marks if mark != mine)][: _MOST + 1])


def _mark(secret: str, browser: str, account_id: int) -> str:
    digest = hmac.new(secret.encode(), f"known:{account_id}:{browser}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest.digest()[:16]).rstrip(b"=").decode()
