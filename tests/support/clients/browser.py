"""A real browser, Debian's Chromium, driven by Playwright; what went wrong in it fails the test that used it."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

TIMEOUT = 20_000
expect.set_options(timeout=TIMEOUT)


def executable() -> str:
    for name in ("chromium", "google-chrome"):
        if path := shutil.which(name):
            return path
    raise RuntimeError("the tests need Chromium: run scripts/provision-chromium, as `make test` does")


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox does not work for root
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=arguments)
        try:
            yield browser
        finally:
            await browser.close()


class Window:
    """One window. `problems` are the errors and warnings of its console: a violated CSP is among them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        page.set_default_timeout(TIMEOUT)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def side(self, name: str) -> "Side":
        """The part of the page that is one person's."""
        return Side(self.page.get_by_role("region", name=name, exact=True))


@asynccontextmanager
async def window(browser: Browser, **options: Any) -> AsyncIterator[Window]:
    context = await browser.new_context(**options)
    try:
        yield Window(await context.new_page())
    finally:
        await context.close()


class Side:
    """What one person does and sees."""

    def __init__(self, pane: Locator) -> None:
        self.pane = pane

    async def write(self, peer: str, text: str) -> None:
        field = self.pane.get_by_role("textbox", name=f"Message to {peer}")
        await field.fill(text)
        await field.press("Enter")

    def message(self, text: str) -> Locator:
        return self.pane.get_by_role("list", name="Messages with").get_by_role("listitem").filter(has_text=text)

    def messages(self) -> Locator:
        return self.pane.locator("li.message")

    async def texts(self) -> list[str]:
        return await self.pane.locator("li.message .bubble p").all_inner_texts()

    def more(self, text: str) -> Locator:
        """The button that opens the menu of the message with this text, and not of one that quotes it."""
        own_text = self.pane.page.locator(".bubble > p").filter(has_text=text)
        return self.messages().filter(has=own_text).get_by_role("button", name="More about the message")

    async def choose(self, text: str, item: str) -> None:
        """From the menu of a message."""
        await self.more(text).click()
        await self.pane.get_by_role("menuitem", name=item, exact=True).click()

    def line(self) -> Locator:
        """The line under the peer's name that says what the peer does."""
        return self.pane.locator(".conversation .presence")

    def reaction(self, text: str, emoji: str) -> Locator:
        return self.message(text).locator(".reaction").filter(has_text=emoji)

    async def set_state(self, peer: str, item: str) -> None:
        """From the menu of the open conversation."""
        await self.button(f"More about the conversation with {peer}").click()
        await self.pane.get_by_role("menuitem", name=item, exact=True).click()

    def conversation_with(self, peer: str) -> Locator:
        return self.pane.get_by_role("navigation").get_by_role("button", name=peer).first

    def button(self, name: str) -> Locator:
        return self.pane.get_by_role("button", name=name)
