"""The page on the demo town: it draws, its legend switches, its numbers are the API's."""

from typing import Any

import pytest
from playwright.sync_api import Response

from tests.e2e.conftest import MAP, Open, Served, drawn

pytestmark = pytest.mark.e2e

CLOSE = "view=15.4/15.2420/105.2290"


def test_the_map_draws_the_town(served_town: Served, visit: Open) -> None:
    # large enough that the whole town fits at a zoom with parcels
    page = visit(served_town, width=1700, height=1100).page
    assert page.evaluate("document.createElement('canvas').getContext('webgl2') !== null")
    idle = page.evaluate("performance.getEntriesByName('muang:map-idle')[0].startTime")
    print(f"map idle after {idle / 1000:.1f} s")
    assert drawn(page, "parcels") > 0
    assert drawn(page, "flood_zones") > 0
    assert page.locator(".live").get_attribute("data-live") == "live"
    assert "สมมติ" in page.locator(".notice").inner_text()
    # the legend's counts are the layers' own
    count = page.locator('[data-layer="waste_routes"] .layer-count')
    items = served_town.get("/ogc/collections/waste_routes/items?limit=1").json()
    count.filter(has_text=str(items["numberMatched"])).wait_for()


def test_every_symbol_has_its_picture_and_the_legend_switches_layers(
    served_town: Served, visit: Open
) -> None:
    page = visit(served_town, f"#{CLOSE}").page
    assert drawn(page, "care_locations") > 0
    # of each symbol layer with something on screen at least one class has its picture; a class
    # nobody is in on this screen was not asked for
    seen, without = page.evaluate(
        """() => {
            const {map} = document.querySelector('muang-map').town;
            const seen = map.getStyle().layers
                .filter(({layout}) => layout?.['icon-image'] && layout.visibility !== 'none')
                .filter(({id}) => map.queryRenderedFeatures({layers: [id]}).length > 0);
            const pictures = ({layout}) =>
                JSON.stringify(layout['icon-image']).match(/muang-[a-z0-9-]+/g);
            const without = seen.filter((layer) => !pictures(layer).some((id) => map.hasImage(id)));
            return [seen.map(({id}) => id), without.map(({id}) => id)];
        }"""
    )
    assert len(seen) > 2
    assert without == []
    parcels = page.get_by_role("checkbox", name="แปลงที่ดิน")
    assert drawn(page, "parcels") > 0
    drawn_now = f"() => {MAP}.queryRenderedFeatures({{layers: ['parcels']}}).length"
    parcels.uncheck()
    page.wait_for_function(f"{drawn_now} === 0")
    assert drawn(page, "roads") > 0
    parcels.check()
    page.wait_for_function(f"{drawn_now} > 0")
    houses = page.get_by_role("checkbox", name="บ้าน", exact=False).first
    assert not houses.is_checked()
    houses.check()
    page.wait_for_function(
        "() => document.querySelector('muang-map').town.map"
        ".queryRenderedFeatures({layers: ['houses']}).length > 0"
    )


def test_a_chosen_flood_is_counted_as_the_api_counts_it(served_town: Served, visit: Open) -> None:
    page = visit(served_town).page
    first = page.locator('[data-kpi="people"] data').get_attribute("value")
    zones = served_town.get(
        "/ogc/collections/flood_zones/items",
        params={"limit": 1000, "return_period_y": 25, "properties": "code"},
    ).json()["features"]
    assert zones
    ids = sorted(zone["id"] for zone in zones)
    asked = {"flood": {"zone_ids": ids}}

    def about_these(response: Response) -> bool:
        # not who is cut off by the flood shown before, which is asked after its figures
        if "/queries/impact" not in response.url:
            return False
        told: dict[str, Any] = response.request.post_data_json or {}
        return sorted(told["flood"].get("zone_ids", [])) == ids

    with page.expect_response(about_these) as answered:
        page.get_by_role("radio", name="25 ปี").check(force=True)
    shown_id = answered.value.json()["id"]
    page.locator(".proof code").filter(has_text=shown_id).wait_for(state="attached")

    answer = served_town.post("/queries/impact", asked).json()
    counted = {name: part["count"] for name, part in answer["exposed"].items() if part}
    assert {"people", "houses", "parcels", "care_locations", "waste_routes"} <= set(counted)
    cards = page.locator("[data-kpi]")
    shown = {
        card.get_attribute("data-kpi"): int(card.locator("data").get_attribute("value") or -1)
        for card in cards.all()
    }
    moved = answer["displaced"]["count"]
    assert shown.pop("displaced") == moved
    assert shown == counted
    assert str(shown["people"]) != first

    page.locator("#flood").get_by_role("button", name="เป็นตาราง").click()
    rows = {
        row.get_attribute("data-kpi-row"): row.locator("td").first.inner_text()
        for row in page.locator("[data-kpi-row]").all()
    }
    # those whose depth indoors is unknown make it a range
    assert rows.pop("displaced").startswith(f"{moved:,}")
    assert rows == {name: f"{count:,}" for name, count in counted.items()}

    # its proof and its caveats
    proof = page.locator(".proof").first  # the second is of who is cut off
    proof.locator("summary").click()
    answer_id = proof.locator("code").inner_text()
    kept = served_town.get(
        f"/queries/answers/{answer_id}", headers={"Accept-Language": "th"}
    ).json()
    assert kept["id"] == answer_id
    assert proof.locator("tbody tr").count() == len(kept["provenance"])
    caveats = page.locator("#flood .caveats").first.locator("li").all_inner_texts()
    assert caveats == kept["caveats"]
    assert "ST_Intersects" in caveats[0]
