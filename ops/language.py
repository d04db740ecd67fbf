"""The language a person at the terminal reads: MUANG_LANG, else the locale, else both."""

import os
from typing import Literal

Tongue = Literal["th", "en", "both"]


def tongue() -> Tongue:
    """`th` or `en` when MUANG_LANG says so, `th` in a Thai locale, else both.

    The launcher sets LC_ALL for Python's sake, so only LANG and LANGUAGE speak for the person.
    """
    asked = os.environ.get("MUANG_LANG", "").lower()[:2]
    if asked == "th":
        return "th"
    if asked == "en":
        return "en"
    for name in ("LANGUAGE", "LANG"):
        if os.environ.get(name, "").lower().startswith("th"):
            return "th"
    return "both"
