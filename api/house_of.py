"""Where a request finds the house behind it."""

from typing import TYPE_CHECKING

from starlette.types import Scope

if TYPE_CHECKING:
    from api.house import House


def house_of(scope: Scope) -> "House":
    """The house behind a request or any ASGI scope."""
    house: House = scope["app"].state.house
    return house
