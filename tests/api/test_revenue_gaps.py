"""`POST /queries/revenue-gaps`: the rules one by one, and the tiny town, where little is known."""

from datetime import date
from typing import Any

import pytest

from api.app import create_app
from db.connect import Machine
from layers.model import Role
from layers.revenue import Gap, Known, Licence, Signs, gaps
from tests.api.caller import NOBODY, Caller
from tests.api.conftest import a_token, settings_for
from tests.conftest import TownHandle

TODAY = date(2026, 11, 21)
ALL = Known(tax_accounts=True, uses=True, building_licences=True, business_licences=True)
BUILT = Licence("building", "issued", None)


def food(status: str, expires: date | None = None) -> Licence:
    return Licence("food", status, expires)


def found(signs: Signs, *uses: str, account: bool = True, known: Known = ALL) -> set[Gap]:
    told = gaps(signs, frozenset(uses), has_account=account, known=known, today=TODAY)
    assert all(why.th and why.en for _, why in told)
    return {gap for gap, _ in told}


@pytest.mark.parametrize(
    ("signs", "uses", "account", "expected"),
    [
        (Signs(), ("vacant",), False, set()),
        (Signs(meters=1), ("residential",), True, set()),
        (Signs(meters=1), ("residential",), False, {Gap.NO_TAX_ACCOUNT}),
        (Signs(houses=1), ("vacant",), True, {Gap.USE_DIFFERS}),
        (Signs(houses=1), ("vacant", "residential"), True, set()),
        (Signs(houses=1), (), True, set()),
        (Signs(buildings=2, building_m2=90.0), ("residential",), True, {Gap.NO_BUILDING_LICENCE}),
        (Signs(buildings=1, licences=(BUILT,)), ("residential",), True, set()),
        (Signs(buildings=1, farm_buildings=1), ("agriculture",), True, set()),
        (Signs(meters=1), ("commercial",), True, {Gap.NO_BUSINESS_LICENCE}),
        (Signs(licences=(food("issued"),)), ("commercial",), True, set()),
        (Signs(licences=(food("issued", TODAY),)), ("commercial",), True, set()),
        (
            Signs(licences=(food("issued", date(2026, 11, 20)),)),
            ("commercial",),
            True,
            {Gap.NO_BUSINESS_LICENCE},
        ),
        (Signs(licences=(food("expired"), food("applied"))), ("commercial",), True, set()),
        (Signs(licences=(food("refused"),)), ("residential",), False, set()),
        (Signs(buildings=1, trade_buildings=1, houses=3, meters=2), ("public",), False, set()),
    ],
)
def test_each_rule(signs: Signs, uses: tuple[str, ...], account: bool, expected: set[Gap]) -> None:
    assert found(signs, *uses, account=account) == expected


def test_what_a_register_without_data_lacks_is_no_gap() -> None:
    everything = Signs(buildings=1, trade_buildings=1, houses=1, meters=1)
    assert found(everything, "vacant", account=False) == set(Gap)
    nothing = Known(
        tax_accounts=False, uses=False, building_licences=False, business_licences=False
    )
    assert found(everything, "vacant", account=False, known=nothing) == set()


def told(caller: Caller, body: dict[str, Any], token: str | None = None) -> Any:
    reply = caller.post("/queries/revenue-gaps?lang=en", json=body, token=token)
    assert reply.status_code == 200, reply.text[:500]
    return reply.json()


def test_not_known_is_said_and_pages_hang_together(caller: Caller) -> None:
    answer = told(caller, {"limit": 2000})
    taxes = answer["gaps"]["no_tax_account"]
    assert (taxes["known"], taxes["parcels"]) == (False, None), "no parcel has an account"
    assert answer["waste"] == {"known": False}
    assert any("tax accounts" in caveat for caveat in answer["caveats"])
    assert any("electricity meters" in caveat for caveat in answer["caveats"])
    built = answer["gaps"]["no_building_licence"]
    assert built["parcels"] == 49, "one of fifty has its permit"
    assert built["appraised_value"] == sum(1_000_000 + i for i in range(1, 50))
    assert answer["matched"] == len(answer["parcels"])
    values = [parcel["appraised_value"] for parcel in answer["parcels"]]
    assert values == sorted(values, reverse=True)
    page = told(caller, {"limit": 4, "offset": 2})
    assert page["parcels"] == answer["parcels"][2:6]
    only = told(caller, {"kinds": ["use_differs"]})
    assert set(only["gaps"]) == {"use_differs"}
    assert {gap["kind"] for p in only["parcels"] for gap in p["gaps"]} == {"use_differs"}
    path = f"/queries/answers/{answer['id']}?lang=en&recompute=true"
    assert caller.get(path).json()["recomputed"]["equal"]


@pytest.mark.parametrize("role", [None, Role.COORDINATOR, Role.TEAM, Role.CARE, Role.ANALYST])
def test_it_is_for_registry_alone(
    caller: Caller, tokens: dict[Role, str], role: Role | None
) -> None:
    token = NOBODY if role is None else tokens[role]
    assert caller.post("/queries/revenue-gaps", json={}, token=token).status_code == 403
    assert (
        caller.post("/queries/revenue-gaps", json={}, token=tokens[Role.STAFF]).status_code == 200
    )


def test_an_empty_town_is_told_so(blank_town: TownHandle, dashboard: Any) -> None:
    with blank_town.connect(Machine.SERVICE) as conn:
        token = a_token(conn, Role.STAFF, "empty")
    with Caller(create_app(settings_for(blank_town, dashboard)), token) as staff:
        reply = staff.post("/queries/revenue-gaps?lang=en", json={})
        assert reply.status_code == 400
        assert "no parcels yet" in reply.json()["detail"]
