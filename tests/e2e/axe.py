"""What axe-core, from the dashboard's own packages, finds wrong with a page as it stands."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "maps/dashboard/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page, within: str | None = None) -> list[str]:
    """What axe-core finds wrong with the page as it stands; `within`: with this part of it."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        """async ([tags, within]) => {
            const {violations} = await axe.run(within ?? document, {runOnly: tags});
            return violations.flatMap(({id, nodes}) =>
                nodes.map(({html, failureSummary}) => `${id}: ${html}: ${failureSummary}`));
        }""",
        [TAGS, within],
    )
    return found


def small_targets(page: Page) -> list[str]:
    """What can be clicked and is smaller than 24 pixels (WCAG 2.5.8), skip links apart."""
    found: list[str] = page.evaluate(
        """() => [...document
            .querySelectorAll('button, select, summary, label:not([for]), input, a[href]')]
            .filter((element) => !element.closest('.skips')
                && !(element.matches('input') && element.closest('label')))
            .map((element) => [element, element.getBoundingClientRect()])
            .filter(([, {width, height}]) => width > 0 && (width < 24 || height < 24))
            .map(([element]) => element.outerHTML.slice(0, 120))"""
    )
    return found
