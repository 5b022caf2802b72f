"""The built browser files, in a real browser under the policy that pages are served with."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Page, sync_playwright

STATIC = Path(__file__).parents[2] / "src/sentinel/web/static"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"
PAGE = """<!doctype html><title>Acme</title>
<link rel="stylesheet" href="{style}"><script type="module" src="{script}"></script>
<button id="load" hx-get="/part.html" hx-target="#here">Load</button>
<button id="eval" hx-on:click="document.title = 'evaluated'">Run</button>
<div id="here"></div>"""


class _Site(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests stay quiet."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("site")
    manifest = json.loads((STATIC / "manifest.json").read_text())
    for name in manifest.values():
        (folder / name).write_bytes((STATIC / name).read_bytes())
    html = PAGE.format(script=manifest["app.js"], style=manifest["style.css"])
    (folder / "index.html").write_text(html)
    (folder / "part.html").write_text("<p>swapped in</p>")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox"]
            )
            opened = browser.new_page()
            opened.add_init_script(
                "window.violations = [];"
                "document.addEventListener('securitypolicyviolation',"
                " event => violations.push(event.violatedDirective))"
            )
            opened.goto(f"http://127.0.0.1:{server.server_address[1]}/")
            yield opened
            browser.close()
        server.shutdown()


@pytest.mark.browser
def test_fragments_are_swapped_in_without_breaking_the_policy(page: Page) -> None:
    page.click("#load")
    page.wait_for_selector("#here p")
    assert page.inner_text("#here") == "swapped in"
    assert page.evaluate("violations") == []


@pytest.mark.browser
def test_expressions_in_attributes_are_refused_before_the_policy_has_to(page: Page) -> None:
    page.click("#eval")
    assert page.title() == "Acme"
    assert page.evaluate("violations") == []
