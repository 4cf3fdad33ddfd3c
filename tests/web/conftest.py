"""A real browser, and what a reader would not want to happen in it."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.conftest import Site
from werkzeug.serving import make_server

from unicef_linked.build import snapshot
from unicef_linked.config import Settings
from unicef_linked.store.embedded import Embedded
from unicef_linked.web import create_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Server

    from unicef_linked.release import Release

FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
]
ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; not for longer than a module,
    since other tests cannot have an event loop beside it.
    """
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium-headless-shell", args=FLAGS
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def host() -> Iterator[Callable[..., Site]]:
    """Serve a release by threads of this process, with settings, and without query processes.

    That is enough for pages and documents, and takes no seconds, as starting processes does.
    """
    with ExitStack() as opened:

        def start(release: Release, **options: Any) -> Site:
            settings = Settings(**options)
            store = opened.enter_context(closing(Embedded(release, "/no/queries", settings)))
            app = create_app(settings, release, store)
            server = make_server("127.0.0.1", 0, app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            opened.callback(server.server_close)
            opened.callback(server.shutdown)
            return Site(f"http://127.0.0.1:{server.port}")

        yield start


def release_of(folder: Path) -> Release:
    """Return a release of the RDF in a folder, as ``serve --data`` makes it."""
    return snapshot([folder], folder.with_name(f"{folder.name}-release"))


class Visit:
    """A browser window that notes what a reader would not want: messages on the console,
    requests to other hosts.
    """

    def __init__(self, browser: Browser, server: Site, **options: object) -> None:
        self.page: Page = browser.new_page(**options)  # type: ignore[arg-type]
        self.server, self.messages, self.hosts = server, list[str](), set[str]()
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.hosts.add(urlparse(request.url).netloc))

    def open(self, path: str) -> Page:
        """Go to an address of the server."""
        self.page.goto(self.server.url + path)
        return self.page

    def barriers(self, within: str = "html") -> list[str]:
        """Return what axe finds wrong with the page in the light,
        and in the dark where a colour can change it.
        """
        self.page.emulate_media(
            color_scheme="light", reduced_motion="reduce"
        )  # no colour between two
        found = self.violations(within=within)
        self.page.emulate_media(color_scheme="dark")
        return found + self.violations("color-contrast", "link-in-text-block", within=within)

    def violations(self, *rules: str, within: str = "html") -> list[str]:
        """Return what axe finds wrong with the page as it stands, by these rules or all,
        each with the element and the rule.
        """
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_axe())
        options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found: dict[str, Any] = self.page.evaluate(
            "([within, options]) => axe.run(within, options)", [within, options]
        )
        return [
            f"{violation['id']}: {node['target']} {node['html'][:120]} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


@cache
def _axe() -> str:
    return (ROOT / "browser" / "node_modules" / "axe-core" / "axe.min.js").read_text(
        encoding="utf-8"
    )


@pytest.fixture
def visit(browser: Browser, server: Server) -> Iterator[Visit]:
    """One visit; at its end nothing went wrong behind the page."""
    visit = Visit(browser, server)
    yield visit
    assert visit.messages == []
    assert visit.hosts <= {urlparse(server.url).netloc}
    visit.page.close()
