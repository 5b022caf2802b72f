"""A real browser, and what axe-core finds on a page in it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_AXE = Path(__file__).parents[1] / "web/node_modules/axe-core/axe.min.js"


@contextlib.asynccontextmanager
async def a_chromium(*flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=[*_FLAGS, *flags]
        )
        yield browser
        await browser.close()


async def grave_findings(page: Page, *, frames: bool = True) -> list[tuple[str, str, str]]:
    """What is serious or critical: the rule, the element, and how to mend it. The page's context
    must bypass its policy, which allows no script of others. Fails where axe looked at nothing."""
    await page.evaluate(_AXE.read_text())
    found = await page.evaluate(f"axe.run({{iframes: {str(frames).lower()}}})")
    assert found["passes"], "axe has looked at nothing"
    return [
        (one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
