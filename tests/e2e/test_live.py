"""Live for days: a server that goes and comes back, and a graphics card that loses its memory."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from bench.soak import serving
from db.connect import Machine
from layers.model import Role
from ops.session import Server
from tests.e2e.conftest import MAP, Open, Served, drawn, ready, rest
from tests.e2e.places import view

pytestmark = pytest.mark.e2e

HERE = view(500, 500, 16.2)
PATIENCE_S = 60
EARS = """(() => {
    window.heard = [];
    window.EventSource = class extends EventSource {
        constructor(url, options) {
            super(url, options);
            this.addEventListener('change', (told) => heard.push(Number(told.lastEventId)));
        }
    };
})()"""
TOWN = "document.querySelector('muang-map').town"
APP = "document.querySelector('muang-app').app"


def until(holds: Callable[[], bool]) -> None:
    """Ask till it holds: the page's own waiting stands still with the clock it was given."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def use(served: Served, code: str, value: str) -> None:
    """Change a parcel the way a clerk in psql would."""
    with served.town.connect(Machine.LOADER) as conn:
        conn.execute("UPDATE town.parcels SET use = %s WHERE code = %s", [value, code])


def head(served: Served) -> int:
    """The last position, once everything committed has one."""
    with served.town.connect(Machine.SERVICE) as conn:
        conn.execute("SELECT muang.number_changes()")
        conn.commit()
        row = conn.execute("SELECT muang.current_pos()").fetchone()
    return int(str(row[0])) if row else 0


@pytest.fixture
def mortal(tiny: Served, tmp_path: Path) -> Iterator[serving.Served]:
    """Another server of the tiny town, which a test may kill and start again."""
    town = tiny.town
    server = Server(town.server_url, town.secret, None, private=False)
    with serving.Served(server, town.town_id, tmp_path) as served:
        yield served


def test_a_killed_server_is_told_and_what_it_missed_comes_once(
    tiny: Served, mortal: serving.Served, visit: Open
) -> None:
    parcel = tiny.get("/ogc/collections/parcels/items?code=01A055").json()["features"][0]["id"]
    there = Served(mortal.url, tiny.town)
    watched = visit(there, f"#{HERE}", wait=False, begin=lambda page: page.add_init_script(EARS))
    page = watched.page
    page.clock.install()
    page.reload()
    ready(page)
    page.locator('.live[data-live="live"]').wait_for()
    base = page.evaluate(f"{APP}.live.state.pos")
    page.evaluate(f"() => {{ const app = {APP}; app.refetch = () => {{ app.gaps = true; }}; }}")
    use(tiny, "01A055", "public")
    first = head(tiny)
    until(lambda: first in page.evaluate("heard"))
    watched.quiet = True
    mortal.kill()
    page.clock.fast_forward(46_000)
    page.locator(".alarm").filter(has_text="ข้อมูลเก่า").wait_for()
    # a change told in the last moment asks for tiles that can no longer be had
    page.evaluate(f"{TOWN}.refresh('all')")
    page.wait_for_function(f"() => {MAP}.loaded()")
    for value in ("vacant", "commercial"):
        use(tiny, "01A055", value)
    mortal.start()
    # by itself: nobody has to press anything
    page.locator('.live[data-live="live"]').wait_for()
    page.locator(".alarm").wait_for(state="detached")
    shown = f"""(id) => {MAP}.queryRenderedFeatures({{layers: ['parcels']}})
        .find((feature) => feature.id === id)?.properties.use"""
    until(lambda: page.evaluate(shown, parcel) == "commercial")
    use(tiny, "01A055", "residential")
    last = head(tiny)
    until(lambda: last in page.evaluate("heard"))
    assert page.evaluate("heard") == list(range(base + 1, last + 1))
    # nothing had to be fetched anew but what had changed
    assert page.evaluate(f"{APP}.gaps") is None
    until(lambda: page.evaluate(shown, parcel) == "residential")


def lose(page: Page) -> None:
    """Take the map's graphics memory away, as a driver does."""
    page.evaluate(
        f"""() => {{
            window.gl = {MAP}.painter.context.gl.getExtension('WEBGL_lose_context');
            window.gl.loseContext();
        }}"""
    )
    page.locator('.map[data-map="lost"]').wait_for()


def test_the_map_comes_back_without_a_reload_when_the_driver_does(
    tiny: Served, visit: Open
) -> None:
    watched = visit(tiny, f"#{HERE}", role=Role.STAFF, quiet=True)
    page = watched.page
    before = drawn(page, "parcels")
    assert before > 0
    page.evaluate("window.notReloaded = true")
    lose(page)
    page.evaluate("window.gl.restoreContext()")
    page.locator('.map[data-map="ready"]').wait_for()
    rest(page)
    assert page.evaluate("window.notReloaded === true")
    assert drawn(page, "parcels") == before
    # and it is drawn, not only known: the picture has more than one colour
    colours = page.evaluate(
        f"""() => new Promise((done) => {{
            const map = {MAP};
            map.once('render', () => {{
                const {{ gl }} = map.painter.context;
                const [w, h] = [gl.drawingBufferWidth, gl.drawingBufferHeight];
                const pixels = new Uint8Array(w * h * 4);
                gl.readPixels(0, 0, w, h, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
                const seen = new Set(new Uint32Array(pixels.buffer));
                done(seen.size);
            }});
            map.triggerRepaint();
        }})"""
    )
    assert colours > 8
