"""Writing: nothing that somebody wrote is lost or cut, whatever happens to the tab."""

import pytest
from playwright.async_api import Browser, expect

from tests.support.clients.browser import Side, Window, window
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}


@pytest.fixture
async def ann(service: ServiceProcess, desk: Window) -> Side:
    await desk.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
    return desk.side("Ann")


async def test_a_message_queued_offline_outlives_the_tab(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser) as there:
        await there.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
        ann = there.side("Ann")
        await ann.write("Bob", "at the station")
        await expect(ann.message("at the station")).to_contain_text("Stored")
        await there.page.context.set_offline(True)
        await expect(ann.pane.get_by_text("No network")).to_be_visible()
        await ann.write("Bob", "written on the train")
        await expect(ann.message("written on the train")).to_contain_text("Waiting to be sent")
        await there.page.close()
        await there.page.context.set_offline(False)
        again = Window(await there.page.context.new_page())
        await again.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
        await expect(again.side("Ann").message("written on the train")).to_contain_text("Stored")


async def test_a_draft_outlives_a_reload_and_goes_with_the_message(ann: Side) -> None:
    field = ann.pane.get_by_role("textbox", name="Message to Bob")
    await field.fill("half a thou")
    await ann.pane.page.reload()
    await expect(field).to_have_value("half a thou")
    await field.press("Enter")
    await expect(ann.message("half a thou")).to_contain_text("Stored")
    await ann.pane.page.reload()
    await expect(ann.message("half a thou")).to_be_visible()
    await expect(field).to_have_value("")


async def test_signing_out_leaves_nothing_behind(ann: Side) -> None:
    await ann.pane.get_by_role("textbox", name="Message to Bob").fill("secret")
    await ann.button("Sign Ann out").click()
    stored = await ann.pane.page.evaluate("JSON.stringify([localStorage, sessionStorage])")
    assert "secret" not in stored
    assert "eyJ" not in stored


async def test_a_text_that_is_too_long_is_refused_and_kept_in_the_field(ann: Side) -> None:
    field = ann.pane.get_by_role("textbox", name="Message to Bob")
    await field.fill("x" * 4_003)
    await expect(ann.pane.get_by_text("3 too many")).to_be_visible()
    await expect(ann.button("Send")).to_be_disabled()
    await field.press("Enter")
    assert len(await field.input_value()) == 4_003
    await field.fill("👋" * 4_000)
    await field.press("Enter")
    await expect(ann.message("👋👋")).to_contain_text("Stored")


async def test_links_open_elsewhere_and_are_only_web_addresses(ann: Side) -> None:
    text = "see https://example.org/a_(b). or (http://example.org), not javascript:alert(1) or https://bank.example@evil.example"
    await ann.write("Bob", text)
    links = ann.message("see https").get_by_role("link")
    await expect(links).to_have_text(["https://example.org/a_(b)", "http://example.org"])
    for link in await links.all():
        assert await link.get_attribute("target") == "_blank"
        assert "noopener" in (await link.get_attribute("rel") or "")
    assert await ann.texts() == [text]


async def test_back_leaves_the_conversation_and_forward_returns(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser, **PHONE) as small:
        page, ann = small.page, small.side("Ann")
        await page.goto(f"{service.url}/?as={ANN}&with={BOB}")
        await ann.write("Bob", "hello")
        await expect(ann.message("hello")).to_contain_text("Stored")
        await page.goto(f"{service.url}/?as={ANN}")
        await ann.conversation_with("Bob").click()
        await expect(ann.message("hello")).to_be_visible()
        assert f"with={BOB}" in page.url
        await page.go_back()
        await expect(ann.message("hello")).to_be_hidden()
        await expect(ann.pane.get_by_text("Choose a conversation")).to_be_hidden()  # the list has the whole room
        await expect(ann.conversation_with("Bob")).to_be_visible()
        await page.go_forward()
        await expect(ann.message("hello")).to_be_visible()
        await page.reload()
        await expect(ann.message("hello")).to_be_visible()
        await ann.button("Back to the conversations").click()
        await expect(ann.conversation_with("Bob")).to_be_visible()
        assert "with=" not in page.url
