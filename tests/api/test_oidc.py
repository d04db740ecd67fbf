"""Sign-in by OpenID Connect against a real provider on loopback, and answers that are not ours."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from api.app import create_app
from api.auth import oidc, oidc_provider
from api.settings import ServerSettings
from api.verification import STALE_SECONDS
from db.connect import Machine
from db.towns import drop_town
from layers.errors import ForbiddenError, UnavailableError
from layers.model import Role
from tests.api.caller import ADDRESS, Caller
from tests.api.conftest import settings_for
from tests.api.signing_in import Browser, account
from tests.conftest import TownHandle, make_town

# the provider of these tests uses what its own libraries call deprecated
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def town(server_url: str, secret: str) -> Iterator[TownHandle]:
    made = make_town(server_url, secret)
    yield made
    drop_town(server_url, made.town_id)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    import oidc_provider_mock  # noqa: PLC0415 - warns when imported

    with oidc_provider_mock.run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="module")
def settings(town: TownHandle, dashboard: Path, provider: str) -> ServerSettings:
    return settings_for(
        town,
        dashboard,
        oidc_issuer=provider,
        oidc_client_id="muang",
        oidc_client_secret="client secret",
        oidc_name="บัญชีเทศบาล",
        oidc_roles={"gis-admins": "admin", "gis-staff": "staff"},
    )


@pytest.fixture(scope="module")
def here(settings: ServerSettings) -> Iterator[Caller]:
    with Caller(create_app(settings)) as made:
        yield made


@pytest.fixture
def browser(here: Caller) -> Browser:
    return Browser(here)


def person(provider: str, subject: str, **claims: Any) -> None:
    put = httpx.put(f"{provider}/users/{subject}", json=claims, trust_env=False)
    assert put.status_code == 204


def to_provider(browser: Browser) -> str:
    """Begin in the browser; the provider's address it is sent to."""
    answer = browser.get("/auth/oidc")
    assert answer.status_code == 303
    return str(answer.headers["location"])


def approve(address: str, subject: str, action: str = "") -> str:
    """Sign in at the provider's page; the path it sends the browser back to."""
    form = {"sub": subject} | ({"action": action} if action else {})
    back = httpx.post(address, data=form, trust_env=False)
    assert back.status_code == 302, back.text
    assert back.headers["location"].startswith(f"{ADDRESS}/auth/oidc/callback?")
    return str(back.headers["location"]).removeprefix(ADDRESS)


def sign_in(browser: Browser, subject: str) -> httpx.Response:
    return browser.get(approve(to_provider(browser), subject))


def test_the_question_has_state_nonce_and_pkce(browser: Browser, provider: str) -> None:
    address = to_provider(browser)
    assert address.startswith(f"{provider}/oauth2/authorize?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{ADDRESS}/auth/oidc/callback"
    assert asked["scope"] == oidc.SCOPE
    assert len(asked["state"]) >= 43
    assert len(asked["nonce"]) >= 43
    again = parse_qs(urlsplit(to_provider(browser)).query)
    assert again["state"][0] != asked["state"]
    assert again["code_challenge"][0] != asked["code_challenge"]


def test_a_group_gives_an_account_and_its_role(
    browser: Browser, provider: str, town: TownHandle
) -> None:
    account(town, "malee@town.example")  # somebody else, who signs in with a password
    person(provider, "s-1", name="มาลี", email="malee@town.example", groups=["x", "gis-staff"])
    answer = sign_in(browser, "s-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    me = browser.get("/me").json()
    assert (me["role"], me["display_name"], me["kind"]) == ("staff", "มาลี", "session")
    assert me["principal"] == "malee@town.example-2", "never the other one's account"
    assert me["oidc"] == "บัญชีเทศบาล"
    assert list(browser.cookies) == [f"__Host-muang-{town.town_id}"]

    person(provider, "s-1", name="มาลี", groups=["gis-admins"])
    sign_in(browser, "s-1")
    assert browser.get("/me").json()["role"] == "admin"
    person(provider, "s-1", name="มาลี", groups=[])
    other = Browser(browser.caller)
    assert sign_in(other, "s-1").headers["location"] == "/login?error=refused"
    assert other.get("/me").json()["role"] == "public"
    time.sleep(STALE_SECONDS)
    assert browser.get("/me").status_code == 401, "what the group gave has ended"


def test_an_account_made_beforehand_is_bound_by_its_subject(
    browser: Browser, provider: str, town: TownHandle
) -> None:
    account(
        town,
        "carer",
        Role.CARE,
        password=None,
        communities=("C1",),
        oidc_issuer=provider,
        oidc_subject="s-2",
    )
    person(provider, "s-2", name="Somebody", groups=["gis-admins"])
    assert sign_in(browser, "s-2").headers["location"] == "/"
    me = browser.get("/me").json()
    assert (me["role"], me["principal"], me["scope"]) == ("care", "carer", ["C1"])
    assert browser.sign_in("carer", "").status_code == 400
    assert browser.sign_in("carer", "anything at all").status_code == 401
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET disabled_at = now() WHERE username = 'carer'")
    assert sign_in(Browser(browser.caller), "s-2").headers["location"] == "/login?error=refused"


def test_people_nobody_knows_are_refused(browser: Browser, provider: str) -> None:
    person(provider, "s-3", name="Stranger", groups="gis-strangers")
    answer = sign_in(browser, "s-3")
    assert answer.headers["location"] == "/login?error=refused"
    assert browser.cookies == {}


def test_saying_no_at_the_provider(browser: Browser) -> None:
    back = approve(to_provider(browser), "s-1", action="deny")
    assert browser.get(back).headers["location"] == "/login?error=refused"


def test_answers_to_another_question_are_refused(browser: Browser, provider: str) -> None:
    person(provider, "s-4", name="N", groups=["gis-staff"])
    back = approve(to_provider(browser), "s-4")
    stranger = Browser(browser.caller)
    assert stranger.get(back).headers["location"] == "/login?error=refused", "no cookie"
    to_provider(stranger)
    assert stranger.get(back).headers["location"] == "/login?error=refused", "another state"
    assert stranger.get("/me").json()["role"] == "public"
    name = next(iter(browser.cookies))
    kept = browser.cookies[name]
    browser.cookies[name] = kept[:-4] + "AAAA"
    assert browser.get(back).headers["location"] == "/login?error=refused", "a forged cookie"
    browser.cookies[name] = kept
    assert browser.get(back).headers["location"] == "/", "the right one"
    browser.cookies[name] = kept
    assert browser.get(back).headers["location"] == "/login?error=refused", "a code works once"


def test_a_provider_that_is_away_is_said_on_the_sign_in_page(
    settings: ServerSettings,
) -> None:
    away = settings.model_copy(update={"oidc_issuer": "http://localhost:1"})
    with Caller(create_app(away)) as caller:
        answer = Browser(caller).get("/auth/oidc")
        assert answer.headers["location"] == "/login?error=away"


def test_not_configured_is_not_found(caller: Caller) -> None:
    for path in ("/auth/oidc", "/auth/oidc/callback?code=x&state=y"):
        assert caller.get(path).status_code == 404


def test_one_is_first_led_to_the_published_address(browser: Browser) -> None:
    answer = browser.get("/auth/oidc", headers={"Host": "localhost:8000"})
    assert answer.headers["location"] == f"{ADDRESS}/auth/oidc"


KEY = RSAKey.generate_key(2048, {"kid": "k"})
ISSUER = "https://id.example"
HELD = oidc.Held("state", "the nonce", "verifier")


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "aud": "muang",
        "sub": "s",
        "nonce": HELD.nonce,
        "iat": now,
        "exp": now + 300,
        **changed,
    }
    return {name: value for name, value in made.items() if value is not None}


def read(settings: ServerSettings, body: dict[str, Any], header: Any = None, key: Any = KEY) -> Any:
    header = header or {"alg": "RS256", "kid": "k"}
    token = {"id_token": jwt.encode(header, body, key, algorithms=[header["alg"]])}
    keys = KeySet.import_key_set({"keys": [KEY.as_dict(private=False)]})
    return oidc._claims(settings, HELD, token, ISSUER, keys)


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["muang", "another"]},
        {"azp": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"iat": 4_000_000_000},
    ],
)
def test_an_id_token_must_be_for_us_and_now(
    settings: ServerSettings, changed: dict[str, Any]
) -> None:
    assert read(settings, claims())["sub"] == "s"
    with pytest.raises(JoseError):
        read(settings, claims(**changed))


def test_an_id_token_must_be_signed_by_the_provider(settings: ServerSettings) -> None:
    with pytest.raises(JoseError):
        read(settings, claims(), key=RSAKey.generate_key(2048, {"kid": "k"}))
    shared = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    with pytest.raises((JoseError, ValueError)):
        read(settings, claims(), header={"alg": "HS256", "kid": "k"}, key=shared)
    unsigned = {"id_token": "eyJhbGciOiJub25lIn0.e30."}
    keys = KeySet.import_key_set({"keys": [KEY.as_dict(private=False)]})
    with pytest.raises((JoseError, ValueError)):
        oidc._claims(settings, HELD, unsigned, ISSUER, keys)


def test_the_first_group_of_the_setting_counts(settings: ServerSettings) -> None:
    assert oidc.mapped_role(settings, ["gis-staff", "gis-admins"]) is Role.ADMIN
    assert oidc.mapped_role(settings, "gis-staff") is Role.STAFF
    for nothing in (None, [], "", ["x"], 5, {"gis-staff": 1}, [["gis-staff"], {}]):
        assert oidc.mapped_role(settings, nothing) is None


def test_an_answer_of_another_issuer_is_refused(settings: ServerSettings, here: Caller) -> None:
    provider = here.app.state.house.provider
    given = {"code": "c", "state": HELD.state, "iss": "https://evil.example"}
    with pytest.raises(ForbiddenError):
        here.run(oidc.finish(settings, provider, HELD, given))


def test_a_page_of_another_site_cannot_begin_a_sign_in(browser: Browser) -> None:
    """With the provider's session still good, one of ours would begin without anybody's doing."""
    for site in ("cross-site", "same-site"):
        answer = browser.get("/auth/oidc", headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert not answer.headers.get("set-cookie")
    typed = browser.get("/auth/oidc", headers={"Sec-Fetch-Site": "none"})
    assert typed.headers["location"].startswith("http://localhost")


def test_the_session_there_was_ends(browser: Browser, provider: str, town: TownHandle) -> None:
    """Its SameSite=Strict cookie does not come back from the provider with the browser."""
    account(town, "before")
    browser.sign_in("before")
    name = f"__Host-muang-{town.town_id}"
    old = browser.cookies[name]
    person(provider, "s-7", name="After", groups=["gis-staff"])
    address = to_provider(browser)
    del browser.cookies[name]
    assert browser.get(approve(address, "s-7")).headers["location"] == "/"
    assert browser.get("/me").json()["display_name"] == "After"
    browser.cookies[name] = old
    assert browser.get("/me").status_code == 401


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "127.0.0.1:443"])
def test_the_published_address_is_known_with_and_without_its_port(
    browser: Browser, host: str
) -> None:
    answer = browser.get("/auth/oidc", headers={"Host": host})
    assert "/oauth2/authorize" in answer.headers["location"]


def test_the_providers_description_is_asked_for_once(
    settings: ServerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    real = oidc_provider.read

    async def counting(client: httpx.AsyncClient, address: str, **options: Any) -> dict[str, Any]:
        asked.append(address)
        return await real(client, address, **options)

    monkeypatch.setattr(oidc_provider, "read", counting)
    away = settings.model_copy(update={"oidc_issuer": "http://localhost:1"})
    for chosen, where in ((settings, "/oauth2/authorize"), (away, "/login?error=away")):
        asked.clear()
        with Caller(create_app(chosen)) as caller:
            for _ in range(3):
                assert where in Browser(caller).get("/auth/oidc").headers["location"]
        assert len(asked) == 1, "also when nobody answers"


@pytest.mark.parametrize(
    "document",
    [
        [],
        "x",
        {"issuer": "https://evil.example"},
        {"issuer": "https://id.example"},
        {
            "issuer": "https://id.example",
            "authorization_endpoint": "http://id.example/a",
            "token_endpoint": "https://id.example/t",
            "jwks_uri": "https://id.example/j",
        },
    ],
)
def test_a_description_that_is_not_the_issuers_own_is_no_description(
    settings: ServerSettings, here: Caller, document: Any
) -> None:
    chosen = settings.model_copy(update={"oidc_issuer": "https://id.example"})
    answers = httpx.MockTransport(lambda _: httpx.Response(200, json=document))

    async def asked() -> None:
        async with httpx.AsyncClient(transport=answers) as client:
            await oidc_provider.Provider(chosen).document(client)

    with pytest.raises(UnavailableError):
        here.run(asked())


@pytest.mark.parametrize("ways", [None, ["pwd"], ["pwd", "otp"]])
def test_an_account_with_a_code_needs_two_factors_of_the_provider(
    browser: Browser, provider: str, town: TownHandle, ways: Any
) -> None:
    subject = f"s-8-{ways}".replace(" ", "")
    name = f"coded{len(subject)}"
    account(town, name, password=None, oidc_issuer=provider, oidc_subject=subject)
    person(provider, subject, name="Coded", **({"amr": ways} if ways else {}))
    assert sign_in(browser, subject).headers["location"] == "/"
    with town.connect(Machine.SERVICE) as conn:
        conn.execute("UPDATE muang.account SET totp_secret = 'x' WHERE username = %s", [name])
    wanted = "/" if isinstance(ways, list) and "otp" in ways else "/login?error=refused"
    assert sign_in(Browser(browser.caller), subject).headers["location"] == wanted


@pytest.mark.parametrize(
    "claims_", [{"name": ["a"]}, {"preferred_username": "a\0b c"}, {"name": "\n"}]
)
def test_claims_of_any_shape_lead_back_to_the_page(
    browser: Browser, provider: str, claims_: dict[str, Any]
) -> None:
    subject = f"s-9-{next(iter(claims_))}-{len(str(claims_))}"
    person(provider, subject, groups=["gis-staff"], **claims_)
    answer = sign_in(browser, subject)
    assert answer.status_code == 303
    assert answer.headers["location"] in ("/", "/login?error=refused")
