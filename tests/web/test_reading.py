"""Reading a long conversation: the place stays, what is new is counted, and the page stays light."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, expect

from tests.support.clients.browser import Side, Window
from tests.support.clients.web_client import INTENT, Rest, chat_message
from tests.support.eventually import eventually_some
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
LONG = 450


@pytest.fixture
async def session_id(service: ServiceProcess) -> AsyncIterator[str]:
    """A session with a long history from Ann to Bob."""
    async with Rest(service.url, service.token(ANN)) as rest:
        session_id = await rest.init(ANN, BOB)
        for number in range(1, LONG + 1):
            await rest.post("/api/chat/message", chat_message(session_id, ANN, f"message {number}"))
        yield session_id


@pytest.fixture
async def bob(service: ServiceProcess, desk: Window, session_id: str) -> Side:
    await desk.page.goto(f"{service.url}/?as={BOB}&with={ANN}&intent={INTENT}")
    bob = desk.side("Bob")
    await expect(shown(bob, LONG)).to_be_in_viewport()
    return bob


def shown(side: Side, number: int) -> Locator:
    return side.messages().get_by_text(f"message {number}", exact=True)


def scroller(side: Side) -> Locator:
    return side.pane.get_by_role("group", name="Messages", exact=True)


async def top_of(side: Side, number: int) -> float:
    box = await shown(side, number).bounding_box()
    assert box is not None
    return box["y"]


async def scroll_until(side: Side, scroll: str, number: int) -> None:
    """Scrolls to an end again and again, as pages come there, until that has the message."""

    async def is_there() -> bool:
        await scroller(side).evaluate(scroll)
        return await shown(side, number).count() > 0

    assert await eventually_some(is_there, 60)
    await scroller(side).evaluate(scroll)  # its page may have come after the last scroll, and kept the place


async def test_older_messages_come_without_moving_the_view(bob: Side) -> None:
    first = LONG - 49
    await expect(shown(bob, first)).to_be_attached()
    await scroller(bob).evaluate("e => (e.scrollTop = 200)")  # near the top
    before = await top_of(bob, first + 10)
    await expect(bob.messages()).not_to_have_count(50)
    assert abs(await top_of(bob, first + 10) - before) < 2
    assert await bob.messages().count() <= 150, "a page or two came, not the whole history"


async def test_a_long_history_stays_light_and_can_be_read_to_both_ends(bob: Side) -> None:
    await scroll_until(bob, "e => (e.scrollTop = 0)", 1)
    await expect(shown(bob, 1)).to_be_in_viewport()
    assert await bob.messages().count() <= 200
    await expect(shown(bob, LONG)).not_to_be_attached()
    await scroll_until(bob, "e => (e.scrollTop = e.scrollHeight)", LONG)
    await expect(shown(bob, LONG)).to_be_in_viewport()
    assert await bob.messages().count() <= 200


async def test_new_messages_below_the_view_are_counted_and_a_click_away(
    bob: Side, service: ServiceProcess, session_id: str
) -> None:
    await scroller(bob).evaluate("e => (e.scrollTop = 900)")
    async with Rest(service.url, service.token(ANN)) as rest:
        for text in ("one more", "and another"):
            await rest.post("/api/chat/message", chat_message(session_id, ANN, text))
    await bob.button("Newest (2 new)").click()
    await expect(bob.message("and another")).to_be_in_viewport()
    assert await scroller(bob).evaluate("e => e.scrollHeight - e.scrollTop - e.clientHeight") < 2


async def test_the_first_unread_message_is_found(bob: Side) -> None:
    await bob.button(f"{LONG} new: go to the first").click()
    await expect(shown(bob, 1)).to_be_in_viewport()
    await expect(bob.pane.get_by_text("New messages", exact=True)).to_be_in_viewport()


async def test_deleted_messages_are_not_among_the_unread(service: ServiceProcess, desk: Window) -> None:
    async with Rest(service.url, service.token(ANN)) as rest, Rest(service.url, service.token(BOB)) as reader:
        session_id = await rest.init(ANN, BOB)
        sent = [(await rest.post("/api/chat/message", chat_message(session_id, ANN, str(n))))[1] for n in range(1, 7)]
        seen = {"readerEmail": BOB, "intent": INTENT, "upToSeq": 3}
        assert (await reader.post(f"/api/chat/{session_id}/seen", seen))[0] == 204
        deleted = f"/api/chat/{session_id}/messages/{sent[4]['messageId']}?for=everyone"
        assert (await rest.call("DELETE", deleted))[0] == 204
    await desk.page.goto(f"{service.url}/?as={BOB}&with={ANN}&intent={INTENT}")
    first = desk.side("Bob").pane.locator("li.divider.unread + li.message")
    await expect(first).to_have_attribute("data-seq", "4")


async def test_composing_several_lines_keeps_the_list_at_its_end(bob: Side) -> None:
    field = bob.pane.get_by_role("textbox", name="Message to Ann")
    await field.click()
    for line in range(6):
        await bob.pane.page.keyboard.type(f"line {line}")
        await bob.pane.page.keyboard.press("Shift+Enter")
    await expect(shown(bob, LONG)).to_be_in_viewport()
    await expect(bob.pane.get_by_role("button", name="Newest")).to_be_hidden()
