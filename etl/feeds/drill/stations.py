"""The town's own stations and the links between them, as an exercise needs them."""

from db import exercise
from etl.feeds.drill.replay import Town
from etl.feeds.drill.scenarios import Link, Station
from etl.feeds.keeping import Connect


def town_of(connect: Connect) -> Town:
    """Stations with the lower of their banks, and links with the middle of their travel times."""
    with connect() as conn:
        stations = tuple(Station(*row) for row in exercise.gauges(conn))
        links = tuple(Link(*row) for row in exercise.links(conn))
    return stations, links
