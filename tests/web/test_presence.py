"""Who is there and who types, under the name and in the list."""

from playwright.async_api import Browser, expect

from tests.support.clients.browser import Window, window
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"


async def test_typing_shows_until_the_message_comes(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(f"{service.url}/?as={ANN}&as={BOB}")
    ann, bob = desk.side("Ann"), desk.side("Bob")
    await expect(ann.line()).to_have_text("online")
    await expect(bob.line()).to_have_text("online")
    await ann.pane.get_by_role("textbox", name="Message to Bob").press_sequentially("hel")
    await expect(bob.line()).to_have_text("typing …")
    await expect(bob.conversation_with("Ann")).to_contain_text("typing …")
    await expect(ann.line()).to_have_text("online")
    await ann.write("Bob", "hello")
    await expect(bob.line()).to_have_text("online")
    await expect(bob.conversation_with("Ann")).to_contain_text("hello")


async def test_who_leaves_is_away_and_then_offline(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser) as here, window(browser) as there:
        await here.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
        await there.page.goto(f"{service.url}/?as={BOB}&with={ANN}")
        ann, bob = here.side("Ann"), there.side("Bob")
        await expect(ann.line()).to_have_text("online")
        await there.page.evaluate(
            """() => {
                Object.defineProperty(document, 'hidden', { value: true });
                document.dispatchEvent(new Event('visibilitychange'));
            }"""
        )
        await expect(ann.line()).to_have_text("away")
        await bob.button("Disconnect").click()
        await expect(bob.line()).to_have_text("")  # without a connection nobody knows
        await expect(ann.line()).to_contain_text("last seen at", timeout=60_000)
