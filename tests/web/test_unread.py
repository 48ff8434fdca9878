"""Unread counts: the same in all windows of a person, in the list and in the title."""

import re

from playwright.async_api import Browser, expect

from tests.support.clients.browser import window
from tests.support.service.service_process import ServiceProcess

ANN, BOB, CLEO = "ann@example.org", "bob@example.org", "cleo@example.org"


async def test_two_windows_agree_on_what_is_unread(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser) as others, window(browser) as one, window(browser) as two:
        await others.page.goto(f"{service.url}/?as={ANN}&as={CLEO}")
        for window_of_bob in (one, two):
            await window_of_bob.page.goto(f"{service.url}/?as={BOB}")
        for name, texts in (("Ann", ["one", "two"]), ("Cleo", ["three"])):
            side = others.side(name)
            await side.pane.get_by_role("textbox", name="E-mail").fill(BOB)
            await side.button("Chat").click()
            for text in texts:
                await side.write("Bob", text)
        for window_of_bob in (one, two):
            bob = window_of_bob.side("Bob")
            await expect(bob.conversation_with("Ann")).to_contain_text("2 unread")
            await expect(bob.conversation_with("Cleo")).to_contain_text("1 unread")
            await expect(window_of_bob.page).to_have_title("(3) chat-service")
        here, there = one.side("Bob"), two.side("Bob")
        await here.conversation_with("Ann").click()
        for window_of_bob in (one, two):
            await expect(window_of_bob.page).to_have_title("(1) chat-service")
        await expect(there.conversation_with("Ann")).not_to_contain_text("unread")
        await here.choose("two", "Mark as unread")
        for window_of_bob in (one, two):
            await expect(window_of_bob.side("Bob").conversation_with("Ann")).to_contain_text("1 unread")
            await expect(window_of_bob.page).to_have_title("(2) chat-service")
        await expect(others.side("Ann").message("two")).to_contain_text(re.compile("Seen"))
        await there.conversation_with("Ann").click()
        for window_of_bob in (one, two):
            await expect(window_of_bob.page).to_have_title("(1) chat-service")
        assert one.problems == two.problems == []
