"""One line in the security log for each attempt to sign in or to change how one does."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from api import security
from api.house import House
from api.problems import kind_of
from api.security import Event
from api.viewer import Viewer
from layers.errors import MuangError


class Noted:
    """What becomes known of an event while it happens: the account, the number of a token."""

    def __init__(self, about: object = None) -> None:
        self.account: object = None
        self.about = about


@contextmanager
def noting(
    request: Request,
    house: House,
    event: Event,
    who: Viewer | None = None,
    *,
    about: object = None,
) -> Iterator[Noted]:
    """Write the event when the block is left, with the kind of problem that ended it if any."""
    noted, outcome = Noted(about), security.DONE
    try:
        yield noted
    except MuangError as error:
        outcome = kind_of(error).rpartition(":")[2]
        noted.account = noted.account or error.facts.get("account")
        raise
    except BaseException:
        outcome = "unexpected"
        raise
    finally:
        security.note(
            request.scope,
            house.settings,
            event,
            outcome,
            who,
            account=noted.account,
            about=noted.about,
        )
