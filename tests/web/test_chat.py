"""Two people chat on the page."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.clients.browser import Window, window
from tests.support.clients.web_client import INTENT, Rest, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
SIDE_BY_SIDE = f"?as={ANN}&as={BOB}"
SEEN, STORED = re.compile("Seen"), re.compile("Stored")


async def test_two_people_chat_side_by_side_and_the_ticks_go_to_seen(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(service.url)
    await desk.page.get_by_role("button", name="Be Ann and Bob").click()
    ann, bob = desk.side("Ann"), desk.side("Bob")
    await ann.write("Bob", "grüß dich 👋\nsecond line")
    await expect(bob.message("grüß dich 👋")).to_be_visible()
    await bob.write("Ann", "<b>hello</b>")
    await expect(ann.message("<b>hello</b>")).to_be_visible()
    await expect(ann.message("grüß dich")).to_contain_text(SEEN)
    await expect(bob.message("hello")).to_contain_text(SEEN)
    assert await ann.texts() == await bob.texts() == ["grüß dich 👋\nsecond line", "<b>hello</b>"]
    await desk.page.reload()  # the address knows the people
    await expect(bob.message("grüß dich 👋")).to_be_visible()


async def test_the_addresses_that_the_command_prints_are_a_chat_with_oneself(
    database_url: str, tmp_path: Path, browser: Browser
) -> None:
    async with ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url}, command="dev") as service:
        both, for_ann, for_bob = await eventually_some(lambda: printed_addresses(service))
        async with window(browser) as here, window(browser) as there:
            await here.page.goto(for_ann)
            await there.page.goto(for_bob)
            await here.side("Ann").write("Bob", "hello me")
            await expect(there.side("Bob").message("hello me")).to_be_visible()
            await there.page.goto(both)
            for name in ("Ann", "Bob"):
                await expect(there.side(name).message("hello me")).to_contain_text("hello me")
        assert await service.stop() == 0


async def printed_addresses(service: ServiceProcess) -> list[str]:
    return re.findall(r"http://\S+\?as=\S+", service.log())


async def test_two_windows_and_the_unread_count(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser) as here, window(browser) as there:
        await here.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
        ann = here.side("Ann")
        await ann.write("Bob", "one")
        await expect(ann.message("one")).to_contain_text(STORED)
        await there.page.goto(service.url)
        await there.page.get_by_label("E-mail").fill(BOB)
        await there.page.get_by_role("button", name="Sign in").click()
        bob = there.side("Bob")
        await expect(bob.conversation_with("Ann")).to_contain_text("1 unread")
        await expect(ann.message("one")).to_contain_text("Delivered")
        await ann.write("Bob", "two")
        await expect(bob.conversation_with("Ann")).to_contain_text("2 unread")
        assert await there.page.title() == "(2) chat-service"
        await bob.conversation_with("Ann").click()
        await expect(ann.message("two")).to_contain_text(SEEN)
        await expect(bob.conversation_with("Ann")).not_to_contain_text("unread")
        assert here.problems == there.problems == []


async def test_missed_messages_come_when_the_network_is_back(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser) as here, window(browser) as there:
        await here.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
        await there.page.goto(f"{service.url}/?as={BOB}&with={ANN}")
        ann, bob = here.side("Ann"), there.side("Bob")
        await ann.write("Bob", "before")
        await expect(ann.message("before")).to_contain_text(SEEN)
        await there.page.context.set_offline(True)
        await expect(bob.pane.get_by_text("No network")).to_be_visible()
        for number in range(60):
            await ann.write("Bob", f"while away {number}")
        await bob.write("Ann", "typed without a network")
        await expect(bob.message("typed without")).to_contain_text("Waiting to be sent")
        await there.page.context.set_offline(False)
        await expect(bob.pane.get_by_text("Online · ")).to_be_visible()
        await expect(ann.message("typed without a network")).to_be_visible()
        await expect(bob.message("typed without a network")).to_contain_text(SEEN)
        await expect(bob.message("Connection resumed after no. 1")).to_be_attached()
        assert await bob.texts() == await ann.texts()
        assert len(await bob.texts()) == 62
        assert here.problems == []


async def test_a_service_that_restarts_is_found_again(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(service.url + "/" + SIDE_BY_SIDE)
    ann, bob = desk.side("Ann"), desk.side("Bob")
    await ann.write("Bob", "before")
    await expect(ann.message("before")).to_contain_text(SEEN)
    await service.stop()
    await expect(ann.pane.get_by_text("Reconnecting")).to_be_visible()
    await ann.write("Bob", "meanwhile")
    await service.start()
    await expect(bob.message("meanwhile")).to_be_visible()
    await expect(ann.message("meanwhile")).to_contain_text(SEEN)
    assert await bob.texts() == ["before", "meanwhile"]
    desk.problems.clear()  # a browser tells of every connection that was refused


async def test_older_messages_come_as_one_scrolls_up(service: ServiceProcess, desk: Window) -> None:
    async with Rest(service.url, service.token(ANN)) as rest:
        session_id = await rest.init(ANN, BOB)
        for number in range(1, 131):
            await rest.post("/api/chat/message", chat_message(session_id, ANN, f"message {number}"))
    await desk.page.goto(f"{service.url}/?as={BOB}&with={ANN}&intent={INTENT}")
    bob = desk.side("Bob")
    await expect(bob.messages().get_by_text("message 130", exact=True)).to_be_in_viewport()
    await expect(bob.messages()).to_have_count(50)
    scroll = bob.pane.get_by_role("group", name="Messages")
    await scroll.focus()
    await desk.page.keyboard.press("Home")
    await expect(bob.messages()).not_to_have_count(50)
    await desk.page.keyboard.press("Home")
    await expect(bob.messages()).to_have_count(130)
    await expect(bob.pane.get_by_role("button", name="Older messages")).to_be_hidden()
    await desk.page.keyboard.press("Home")
    await expect(bob.messages().get_by_text("message 1", exact=True)).to_be_in_viewport()
    assert await bob.texts() == [f"message {number}" for number in range(1, 131)]
    await bob.button("Newest").click()
    await expect(bob.messages().get_by_text("message 130", exact=True)).to_be_in_viewport()


async def test_the_log_shows_the_frames_and_no_token(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(service.url + "/" + SIDE_BY_SIDE)
    ann = desk.side("Ann")
    await ann.write("Bob", "logged")
    await expect(ann.message("logged")).to_contain_text(SEEN)
    await ann.button("Show what goes over the wire").click()
    log = ann.pane.get_by_role("region", name="On the wire: Ann")
    connect = log.get_by_role("listitem").filter(has_text="CONNECT").first
    await connect.locator("summary").click()
    await expect(connect).to_contain_text("Authorization:Bearer •••")
    await expect(log.get_by_text("replay undelivered")).to_be_visible()
    await expect(log.get_by_text("/user/queue/events · message").first).to_be_visible()
    for command in ("CONNECTED", "SUBSCRIBE", "SEND", "RECEIPT", "MESSAGE"):
        await expect(log.get_by_text(command, exact=True).first).to_be_attached()
    assert "eyJ" not in await ann.pane.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_has_room_for_the_whole_page(service: ServiceProcess, browser: Browser, scheme: str) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True, "color_scheme": scheme}
    async with window(browser, **phone) as small:
        await small.page.goto(f"{service.url}/?as={BOB}&with={ANN}")
        bob = small.side("Bob")
        await bob.write("Ann", "x" * 300)
        await expect(bob.message("xxx")).to_contain_text(STORED)
        assert await small.page.evaluate("document.documentElement.scrollWidth") == 360
        inside = "e => [...e.querySelectorAll('*')].every(c => c.getBoundingClientRect().right <= 360.5)"
        assert await bob.pane.evaluate(inside)
        await bob.button("Back to the conversations").click()
        await expect(bob.conversation_with("Ann")).to_be_focused()
        await bob.conversation_with("Ann").click()
        await expect(bob.pane.get_by_role("textbox", name="Message to Ann")).to_be_focused()
        assert small.problems == []
