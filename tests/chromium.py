"""A real browser, and what axe-core finds on a page in it."""

import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import playwright
from playwright.async_api import Browser, Page, async_playwright

_PROGRAM = "/usr/bin/chromium"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_AXE = Path(__file__).parents[1] / "web/node_modules/axe-core/axe.min.js"
# All that axe finds is a megabyte a page, most of it about what is well: it stays in the browser.
_LOOK = """
async frames => {
  const found = await axe.run({iframes: frames, resultTypes: ["violations"]});
  const grave = found.violations.filter(one => ["serious", "critical"].includes(one.impact));
  return {
    passes: found.passes.length,
    grave: grave.map(one => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]),
  };
}
"""


@contextlib.asynccontextmanager
async def a_chromium(*flags: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=_PROGRAM, args=[*_FLAGS, *flags])
        yield browser
        await browser.close()


@contextlib.contextmanager
def a_shared_chromium(folder: Path) -> Iterator[str]:
    """One that many may connect to, at the address that this gives: its start is a second of work.
    Who connects has contexts of their own, which end with the connection."""
    config = folder / "chromium.json"
    config.write_text(json.dumps({"executablePath": _PROGRAM, "args": _FLAGS, "host": "127.0.0.1"}))
    driver = Path(playwright.__file__).parent / "driver"
    command = [driver / "node", driver / "package/cli.js", "launch-server"]
    with subprocess.Popen(
        [*command, "--browser", "chromium", "--config", config], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@contextlib.asynccontextmanager
async def connected(address: str) -> AsyncIterator[Browser]:
    async with async_playwright() as driver:
        browser = await driver.chromium.connect(address)
        yield browser
        await browser.close()


async def grave_findings(page: Page, *, frames: bool = True) -> list[tuple[str, str, str]]:
    """What is serious or critical: the rule, the element, and how to mend it. The page's context
    must bypass its policy, which allows no script of others. Fails where axe looked at nothing."""
    await page.evaluate(_AXE.read_text())
    found = await page.evaluate(_LOOK, frames)
    assert found["passes"], "axe has looked at nothing"
    return [(id, html, summary) for id, html, summary in found["grave"]]
