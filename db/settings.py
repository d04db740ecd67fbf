"""Where the database server is and the one secret the town roles' passwords come from."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from db import breached
from db.trust import Trust
from layers.errors import UnavailableError
from layers.text import Text


class DatabaseSettings(BaseSettings):
    """Settings read from the environment, prefix `MUANG_`.

    `database_url` names the server through a maintenance database and a login that may create
    databases and roles; `secret` or `secret_file` holds the random secret from which each town
    role's password is derived, so no password is ever stored in a file of ours.
    """

    model_config = SettingsConfigDict(env_prefix="MUANG_", extra="ignore")

    database_url: str = Field(description="URL of the server's maintenance database")
    secret: str = Field(default="", description="secret the role passwords are derived from")
    secret_file: Path | None = Field(default=None, description="file that holds the secret")
    old_secret: str = Field(
        default="", description="the secret before it was changed: opens one-time codes until used"
    )
    old_secret_file: Path | None = Field(
        default=None, description="file that holds the secret before it was changed"
    )
    breached_passwords: Path | None = Field(
        default=None,
        description="file of passwords nobody may choose: sorted SHA-1 sums, or one a line",
    )
    town: str = Field(default="phibun", description="id of the town being served")

    @model_validator(mode="after")
    def _has_a_secret(self) -> Self:
        if not self.secret and self.secret_file is not None and self.secret_file.is_file():
            self.secret = self.secret_file.read_text(encoding="ascii").strip()
        if not self.old_secret and self.old_secret_file is not None:
            self.old_secret = self.old_secret_file.read_text(encoding="ascii").strip()
        if len(self.secret) < 32:  # noqa: PLR2004 - 128 bits written in hex
            raise UnavailableError(
                Text(
                    th="ยังไม่ได้ตั้งค่า MUANG_SECRET หรือ MUANG_SECRET_FILE (อย่างน้อย 32 ตัวอักษร)",
                    en="MUANG_SECRET or MUANG_SECRET_FILE is not set (at least 32 characters).",
                )
            )
        return self

    @model_validator(mode="after")
    def _has_its_list(self) -> Self:
        if self.breached_passwords is not None:
            breached.contains(self.breached_passwords, "")
        return self

    @property
    def trust(self) -> Trust:
        """What checking who somebody is rests on."""
        return Trust(self.secret, self.old_secret, self.breached_passwords)
