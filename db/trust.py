"""What checking who somebody is rests on: the platform's secrets and the list of bad passwords."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Trust:
    """Given to whatever proves a person.

    `old_secret` still opens what was sealed before the secret was changed, and seals nothing.
    `breached` is the operator's file of passwords nobody may use (see `db.breached`).
    """

    secret: str
    old_secret: str = ""
    breached: Path | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets a sealed text may have been sealed with, the present one first."""
        return (self.secret, self.old_secret) if self.old_secret else (self.secret,)
