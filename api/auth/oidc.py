"""OpenID Connect: authorization code with PKCE, state, nonce, and a checked id_token.

Only the configured issuer is ever asked, at the addresses its own discovery document names.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from cryptography.fernet import InvalidToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.auth import oidc_provider
from api.auth.oidc_provider import Provider
from api.settings import ServerSettings
from db import sessions, totp
from db.oidc_accounts import Identity
from layers.errors import ForbiddenError
from layers.model import Role
from layers.text import Text

SCOPE = "openid profile email"
LIFE_SECONDS = 600
"""How long one may take to sign in at the provider."""
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures with the provider's private key; never `none`, never our shared secret."""
_LEEWAY_SECONDS = 60
_SECOND_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc"})
"""Methods (`amr`, RFC 8176) that are more than a password."""


@dataclass(frozen=True)
class Begun:
    """Where to send the browser, and what to keep in its cookie until it comes back."""

    address: str
    sealed: str


@dataclass(frozen=True)
class Held:
    """What a browser brought back in its cookie."""

    state: str
    nonce: str
    verifier: str
    session: str = ""
    """Digest, in hex, of the session there was: it ends when the new one begins."""


async def begin(settings: ServerSettings, provider: Provider, session: str | None) -> Begun:
    """Start a sign-in from a browser, perhaps with a session; UnavailableError: no provider.

    The provider's page leads back from another site, so the session's cookie does not come back
    with the browser: what is needed of it is kept here.
    """
    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    held = Held(state, nonce, verifier, sessions.digest(session).hex() if session else "")
    async with oidc_provider.client() as client:
        document = await provider.document(client)
    question = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": _redirect_uri(settings),
        "scope": SCOPE,
        "state": held.state,
        "nonce": held.nonce,
        "code_challenge": create_s256_code_challenge(held.verifier),
        "code_challenge_method": "S256",
    }
    door = str(document["authorization_endpoint"])
    joiner = "&" if urlsplit(door).query else "?"
    plain = json.dumps(astuple(held))
    return Begun(
        f"{door}{joiner}{urlencode(question)}", _box(settings).encrypt(plain.encode()).decode()
    )


def opened(settings: ServerSettings, sealed: str) -> Held | None:
    """What `begin` put into the cookie; None when it is not ours or too old."""
    try:
        plain = _box(settings).decrypt(sealed.encode(), ttl=LIFE_SECONDS)
    except InvalidToken:
        return None
    return Held(*json.loads(plain))


async def finish(
    settings: ServerSettings, provider: Provider, held: Held | None, given: Mapping[str, str]
) -> Identity:
    """Who signed in at the provider.

    ForbiddenError when the answer is not one to our question or the provider refused,
    UnavailableError when the provider cannot be reached.
    """
    code, state = given.get("code"), given.get("state", "")
    if held is None or not code or not secrets.compare_digest(state.encode(), held.state.encode()):
        raise _refused()
    if given.get("iss", settings.oidc_issuer).rstrip("/") != settings.oidc_issuer:
        raise _refused()
    async with oidc_provider.client() as client:
        document = await provider.document(client)
        try:
            token = await _exchanged(client, document, settings, code, held)
            published: Any = await oidc_provider.read(client, document["jwks_uri"])
            keys = KeySet.import_key_set(published)
            claims = _claims(settings, held, token, document["issuer"], keys)
            if settings.oidc_roles and settings.oidc_role_claim not in claims:
                claims = await _with_userinfo(client, document, token, claims)
            return _identity(settings, claims)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise _refused() from error
        except httpx.HTTPError as error:
            raise oidc_provider.away() from error


async def _exchanged(
    client: httpx.AsyncClient,
    document: dict[str, Any],
    settings: ServerSettings,
    code: str,
    held: Held,
) -> dict[str, Any]:
    """The tokens for a code; ForbiddenError when the provider does not take it."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _redirect_uri(settings),
        "code_verifier": held.verifier,
    }
    client_id, secret = settings.oidc_client_id, settings.oidc_client_secret
    ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    auth = httpx.Auth()
    if "client_secret_basic" in ways:
        # RFC 6749 2.3.1: both are form-encoded before they go into the header
        auth = httpx.BasicAuth(quote_plus(client_id), quote_plus(secret))
    else:
        form |= {"client_id": client_id, "client_secret": secret}
    answer = await client.post(document["token_endpoint"], data=form, auth=auth)
    if answer.is_client_error:
        raise _refused()
    answer.raise_for_status()
    return oidc_provider.an_object(answer)


def _claims(
    settings: ServerSettings, held: Held, token: Any, issuer: str, keys: KeySet
) -> dict[str, Any]:
    """The claims of a signed id_token that is for us, of this provider, and of this sign-in."""
    read = jwt.decode(token["id_token"], keys, algorithms=_ALGORITHMS)
    checked = CodeIDToken(
        read.claims,
        read.header,
        options={
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": settings.oidc_client_id},
        },
        params={
            "nonce": held.nonce,
            "client_id": settings.oidc_client_id,
            "access_token": token.get("access_token"),
        },
    )
    checked.validate(leeway=_LEEWAY_SECONDS)
    return dict(checked)


async def _with_userinfo(
    client: httpx.AsyncClient, document: dict[str, Any], token: Any, claims: dict[str, Any]
) -> dict[str, Any]:
    """With what some providers tell at their userinfo address only, of the same person."""
    address = document.get("userinfo_endpoint")
    if not address:
        return claims
    oidc_provider.check_address(address)
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    more = await oidc_provider.read(client, address, headers=bearer)
    return {**more, **claims} if more.get("sub") == claims["sub"] else claims


def _identity(settings: ServerSettings, claims: Mapping[str, Any]) -> Identity:
    subject = str(claims["sub"])
    names = ("preferred_username", "email", "name", "sub")
    texts = (_plain(claims.get(name)) for name in names)
    username = next((text for text in texts if text), subject)
    ways = claims.get("amr")
    return Identity(
        issuer=settings.oidc_issuer,
        subject=subject,
        username=username,
        display_name=_plain(claims.get("name")) or username,
        role=mapped_role(settings, claims.get(settings.oidc_role_claim)),
        two_factors=isinstance(ways, list) and any(way in _SECOND_FACTORS for way in ways),
    )


def _plain(claim: object) -> str:
    """A claim as text that can be shown and stored; empty when it is no text."""
    return "".join(c for c in claim if c.isprintable()) if isinstance(claim, str) else ""


def mapped_role(settings: ServerSettings, groups: object) -> Role | None:
    """The role of the first configured group somebody is in; the order of the setting counts."""
    given = groups if isinstance(groups, list) else [groups]
    held = {group for group in given if isinstance(group, str)}
    return next((role for group, role in settings.oidc_roles.items() if group in held), None)


def _redirect_uri(settings: ServerSettings) -> str:
    return f"{settings.public_url}/auth/oidc/callback"


def _box(settings: ServerSettings) -> Any:
    return totp.box(f"oidc:{settings.secret}")


def _refused() -> ForbiddenError:
    return ForbiddenError(
        Text(
            th="ผู้ให้บริการยืนยันตัวตนไม่ยืนยันการลงชื่อเข้าใช้นี้ ลองใหม่อีกครั้ง",
            en="The sign-in provider did not confirm this sign-in. Please try again.",
        )
    )
