"""Names the parent and the child agree on, and how the child says no."""

from typing import Any

REFUSED = 3
WKB = "__wkb"
FID = "__fid"

Order = dict[str, Any]
Meta = dict[str, Any]


class Trouble(Exception):  # noqa: N818  it is an answer to the parent, not a fault
    """A refusal with a machine word the parent turns into a sentence, and facts."""

    def __init__(self, word: str, **facts: object) -> None:
        super().__init__(word)
        self.word = word
        self.facts = facts


def note(kind: str, count: int, **facts: object) -> dict[str, object]:
    """Something a person should be told; the parent has the words for each kind."""
    return {"kind": kind, "count": count, "facts": facts}
