"""One's own side of a conversation: pinned, muted, archived, with a draft, the same in all windows."""

from playwright.async_api import Browser, expect

from tests.support.clients.browser import window
from tests.support.service.service_process import ServiceProcess

ANN, BOB, CLEO = "ann@example.org", "bob@example.org", "cleo@example.org"


async def test_what_one_window_changes_the_other_shows(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser) as one, window(browser) as two:
        for peer in (CLEO, ANN):
            await one.page.goto(f"{service.url}/?as={BOB}&with={peer}")
            await expect(one.page.get_by_role("textbox", name="Message to")).to_be_visible()
        await two.page.goto(f"{service.url}/?as={BOB}")
        here, there = one.side("Bob"), two.side("Bob")
        await here.conversation_with("Cleo").click()
        await here.set_state("Cleo", "Pin")
        await expect(there.conversation_with("Cleo")).to_contain_text("Pinned")
        for side in (here, there):
            await expect(side.pane.locator(".sessions li").first).to_contain_text("Cleo")
        await here.set_state("Cleo", "Mute for a week")
        await expect(there.conversation_with("Cleo")).to_contain_text("Muted")
        await here.set_state("Cleo", "Unmute")
        await expect(there.conversation_with("Cleo")).not_to_contain_text("Muted")
        await here.pane.get_by_role("textbox", name="Message to Cleo").fill("a thought")
        await expect(there.conversation_with("Cleo")).to_contain_text("Draft: a thought")
        await there.conversation_with("Cleo").click()
        field = there.pane.get_by_role("textbox", name="Message to Cleo")
        await expect(field).to_have_value("a thought")
        await there.write("Cleo", "a thought and more")
        await expect(here.pane.get_by_role("textbox", name="Message to Cleo")).to_have_value("")
        await here.set_state("Cleo", "Archive")
        archive = there.pane.get_by_role("list", name="Archive of Bob")
        await expect(there.conversation_with("Cleo")).to_be_hidden()
        await there.button("Archive (1)").click()
        await expect(archive).to_contain_text("Cleo")
        await one.page.goto(f"{service.url}/?as={CLEO}&with={BOB}")
        await one.side("Cleo").write("Bob", "hello again")
        await expect(there.button("Archive (1)")).to_be_hidden()
        await expect(there.conversation_with("Cleo")).to_contain_text("hello again")
        assert two.problems == []
