"""Dates of the demo: they count back from one fixed day, so that two runs agree."""

from datetime import date, timedelta

import numpy as np

from etl.demo.network import IntArray

TODAY = date(2026, 10, 31)
"""The day the demo's registers were closed."""


def days_before(days: IntArray) -> list[date]:
    """Dates so many days before the demo's own day."""
    return [TODAY - timedelta(days=int(n)) for n in days.tolist()]


def days_after(start: date, days: int) -> date:
    """A date so many days after another."""
    return start + timedelta(days=days)


def ages(count: int, mean: float, longest: int, rng: np.random.Generator) -> IntArray:
    """How many days ago `count` things happened: most lately, none longer ago than `longest`."""
    drawn: IntArray = np.minimum(rng.exponential(mean, count), longest).astype(np.int64)
    return drawn
