"""What people send to sign in and to look after their own sign-in, and what they get back."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from db import tokens
from layers.model import Role

Password = Annotated[str, Field(min_length=1, max_length=1024)]
Code = Annotated[str, Field(min_length=1, max_length=20, description="6-digit one-time code")]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Request):
    """A username and password, and the code when the account has one."""

    username: Annotated[str, Field(min_length=1, max_length=200)]
    password: Password
    code: Code | None = None
    keep: bool = Field(
        default=False,
        description="Stay signed in when the browser is closed: not on a shared computer",
    )


class SignedIn(BaseModel):
    """Who signed in. The session itself is in a cookie no script can read."""

    username: str
    display_name: str
    role: Role
    csrf: str = Field(description="Value of X-CSRF-Token for whatever changes something")


class PasswordAgain(_Request):
    """What signing in takes, asked for once more before something of weight."""

    password: Annotated[str, Field(max_length=1024)] = Field(
        default="", description="The present one; not for those who sign in with a provider only"
    )
    code: Code | None = Field(default=None, description="One-time code, where the account has one")


class PasswordChange(PasswordAgain):
    """The present password and the one to come."""

    new_password: Password
    keep_tokens: bool = Field(
        default=False, description="True: tokens for programs stay good; else they are revoked"
    )


class CodeOffer(BaseModel):
    """A secret for an authenticator app; in force once its first code is sent with the proof."""

    secret: str = Field(description="Base32, to be typed into an app that reads no address")
    uri: str = Field(description="otpauth address, to be shown as a QR code")
    proof: str = Field(description="Send it back with the first code within 15 minutes")


class CodeProof(_Request):
    """The first code of a secret that was offered."""

    proof: Annotated[str, Field(min_length=1, max_length=2000)]
    code: Code


class TokenRequest(PasswordAgain):
    """A token for a program. Only administrators choose another role than their own."""

    name: Name
    role: Role | None = Field(default=None, description="One's own when not given")
    days: int = Field(
        default=90,
        ge=1,
        le=tokens.MOST_DAYS,
        description="Valid for this long; of a role that sees persons 90 at most",
    )
    communities: list[Name] | None = Field(
        default=None, max_length=500, description="Limits a care token to communities"
    )
    team: Name | None = Field(default=None, description="Crew of a team token")


class TokenFacts(BaseModel):
    """A token on record, without the token."""

    id: int
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    communities: list[str] | None
    team: str | None


class Tokens(BaseModel):
    """Tokens, newest first."""

    tokens: list[TokenFacts]


class NewTokenFacts(TokenFacts):
    """A token just made; the token itself is shown this once."""

    token: str
