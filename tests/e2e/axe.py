"""What axe-core, from the dashboard's own packages, finds wrong with a page as it stands."""

from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "maps/dashboard/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(
        """async (tags) => {
            const {violations} = await axe.run(document, {runOnly: tags});
            return violations.flatMap(({id, nodes}) =>
                nodes.map(({html, failureSummary}) => `${id}: ${html}: ${failureSummary}`));
        }""",
        TAGS,
    )
    return found
