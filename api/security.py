"""What the keeper of the system looks for first: a line of `muang.security` for each event.

A line says what happened and how it ended, to whose account, from which address, and in which
exchange. The address is personal data: the notice to the users says that it is kept (see
docs/security.md). Names and passwords as typed are never written: people type one for the other.
"""

import logging
from enum import StrEnum
from typing import TYPE_CHECKING

from starlette.types import Scope

from api import client_address, exchange

if TYPE_CHECKING:
    from api.settings import ServerSettings
    from api.viewer import Viewer

log = logging.getLogger("muang.security")

DONE = "done"
"""How an event ends well; otherwise the kind of error says how."""


class Event(StrEnum):
    """What happened."""

    SIGN_IN = "sign-in"
    SIGN_IN_BY_PROVIDER = "sign-in by provider"
    SIGN_OUT = "sign-out"
    PASSWORD = "password changed"  # noqa: S105 - words
    CODE_OFFERED = "one-time code offered"
    CODE_SET = "one-time code set"
    CODE_REMOVED = "one-time code removed"
    TOKEN_MADE = "token made"  # noqa: S105 - words
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - words
    BAD_CREDENTIAL = "credential not good"
    FOREIGN_PAGE = "request of a foreign page"
    EXPORT = "export of personal data"


def note(
    scope: Scope,
    settings: "ServerSettings",
    event: Event,
    outcome: str,
    who: "Viewer | None" = None,
    *,
    account: object = None,
    about: object = None,
) -> None:
    """Write one event; `account` is whose account was tried.

    `about` is the number of a token, or the name of an exported file.
    """
    here = exchange.of(scope)
    account_id = who.account_id if who else account
    subject = who.subject if who else (f"account:{account}" if account else None)
    log.log(
        logging.INFO if outcome == DONE else logging.WARNING,
        "%s: %s",
        event,
        outcome,
        extra={
            "facts": {
                "id": here.id,
                "event": event.value,
                "outcome": outcome,
                "subject": subject,
                "account": account_id,
                "about": about,
                "address": client_address.of(scope, settings.proxies),
            }
        },
    )
