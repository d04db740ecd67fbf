"""Forecasting as readings come, until told to stop."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, NoReturn

import psycopg

from layers.errors import UnavailableError

if TYPE_CHECKING:
    from db.derived import AnyConnection

LOOK_EVERY_S = 3.0
"""Between two looks for new readings: three index look-ups a gauge."""


def watch(opened: "Callable[[], AbstractContextManager[AnyConnection]]") -> NoReturn:
    """Look for new readings for ever; a database that is away is waited for.

    `opened` connects as `loader`, anew each time it is asked.
    """
    from db.changes import number_changes
    from ops.forecasting.forecaster import Forecaster

    forecaster = Forecaster()
    while True:
        try:
            with opened() as conn:
                while True:
                    if forecaster.run(conn):
                        number_changes(conn)
                    time.sleep(LOOK_EVERY_S)
        except (psycopg.OperationalError, UnavailableError) as error:
            print(f"waiting for the database: {type(error).__name__}", flush=True)
            time.sleep(LOOK_EVERY_S)
