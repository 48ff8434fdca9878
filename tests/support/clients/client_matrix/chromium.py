"""Clients in a real browser: the same modules as in Node, each on a page and in a profile of its own."""

from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from playwright.async_api import Browser, Page

from tests.support.clients.browser import launched
from tests.support.clients.client_matrix.javascript import JavaScriptClient, Library
from tests.support.clients.client_matrix.node import HERE


class _Files(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")  # modules are wanted on a page of the service, too
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def pages() -> Iterator[str]:
    """The address of `tests/clients`, served to browsers."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(HERE))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def sockjs_in(pages: str) -> str:
    """Where the iframe of SockJS finds the library: it has to be the version that the page has."""
    return f"{pages}/node_modules/sockjs-client/dist/sockjs.js"


class Tab:
    """A page in a profile of its own, as the six connections that a profile has to a host are soon taken."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.hear: Callable[[str], None] = lambda event: None
        self.faults: list[str] = []

    @classmethod
    async def opened(cls, browser: Browser) -> Self:
        tab = cls(await browser.new_page())
        await tab.page.expose_function("hear", tab._heard)
        tab.page.on("pageerror", lambda error: tab.faults.append(str(error)))
        return tab

    def _heard(self, event: str) -> None:
        self.hear(event)


class Chromium:
    """One browser; a tab is used again for the same purpose, as opening one takes long."""

    def __init__(self, browser: Browser, pages: str) -> None:
        self._browser = browser
        self._pages = pages
        self._tabs: dict[Hashable, Tab] = {}

    async def tab(self, purpose: Hashable, at: str | None = None) -> Tab:
        """With `page.html` in it, as a page of another origin than the service's or of that of the address `at`."""
        if purpose not in self._tabs:
            self._tabs[purpose] = await Tab.opened(self._browser)
        tab = self._tabs[purpose]
        if at is None:
            await tab.page.goto(f"{self._pages}/page.html")
        else:
            await tab.page.goto(at)
            html = (HERE / "page.html").read_text()
            await tab.page.set_content(html.replace("<head>", f'<head><base href="{self._pages}/">'))
        return tab


@asynccontextmanager
async def started(pages: str) -> AsyncIterator[Chromium]:
    async with launched() as browser:
        yield Chromium(browser, pages)


class ChromiumClient(JavaScriptClient):
    def __init__(self, chromium: Chromium, library: Library, url: str) -> None:
        super().__init__(library, url)
        same_origin = library.transport == "htmlfile"  # which a page has for its own origin alone
        self._open = partial(chromium.tab, library, url if same_origin else None)

    async def __aenter__(self) -> Self:
        self._tab = await self._open()
        self._tab.hear = self._hear
        self.faults = self._tab.faults = []
        await self._tab.page.evaluate("which => start(which)", self._arguments)
        return self

    async def _pass_on(self, order: str) -> None:
        await self._tab.page.evaluate("json => order(json)", order)

    async def stop(self) -> None:
        await self._tab.page.goto("about:blank")
