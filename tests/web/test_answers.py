"""Answers with what they quote, and reactions."""

import pytest
from playwright.async_api import expect

from tests.support.clients.browser import Side, Window
from tests.support.clients.web_client import INTENT, Rest, chat_message
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"


@pytest.fixture
async def both(service: ServiceProcess, desk: Window) -> tuple[Side, Side]:
    await desk.page.goto(f"{service.url}/?as={ANN}&as={BOB}")
    return desk.side("Ann"), desk.side("Bob")


async def test_an_answer_quotes_what_it_answers_in_its_present_form(both: tuple[Side, Side]) -> None:
    ann, bob = both
    await ann.write("Bob", "at eight?")
    await expect(bob.message("at eight?")).to_be_visible()
    await bob.choose("at eight?", "Answer")
    await expect(bob.pane.get_by_text("Answer to Ann", exact=True)).to_be_visible()
    await bob.write("Ann", "<b>fine</b>")
    for side, name in ((ann, "You"), (bob, "Ann")):
        quote = side.message("<b>fine</b>").get_by_role("button", name="In answer to")
        await expect(quote).to_contain_text(f"{name}: at eight?")
    await expect(bob.pane.get_by_text("Answer to Ann", exact=True)).to_be_hidden()
    await ann.pane.get_by_role("textbox", name="Message to Bob").press("ArrowUp")
    await ann.write("Bob", "at nine?")
    await expect(bob.message("<b>fine</b>")).to_contain_text("at nine?")
    await ann.choose("at nine?", "Delete …")
    await ann.pane.page.get_by_role("button", name="Delete for everyone").click()
    for side in both:
        await expect(side.message("<b>fine</b>")).to_contain_text("This message was deleted")


async def test_a_quote_leads_to_a_message_that_is_far_up(service: ServiceProcess, desk: Window) -> None:
    async with Rest(service.url, service.token(ANN)) as rest:
        session_id = await rest.init(ANN, BOB)
        for number in range(1, 121):
            await rest.post("/api/chat/message", chat_message(session_id, ANN, f"message {number}"))
        await rest.post("/api/chat/message", chat_message(session_id, ANN, "about that") | {"replyTo": 3})
    await desk.page.goto(f"{service.url}/?as={BOB}&with={ANN}&intent={INTENT}")
    bob = desk.side("Bob")
    await bob.message("about that").get_by_role("button", name="In answer to").click()
    origin = bob.messages().nth(2)
    await expect(origin.locator(".bubble > p")).to_have_text("message 3")
    await expect(origin).to_be_in_viewport()
    await expect(origin.get_by_role("button", name="More about")).to_be_focused()


async def test_a_reaction_comes_changes_and_goes(both: tuple[Side, Side]) -> None:
    ann, bob = both
    await ann.write("Bob", "cake at four")
    await bob.more("cake at four").click()
    await bob.pane.get_by_role("menuitemcheckbox", name="React: thumbs up").click()
    for side in both:
        await expect(side.reaction("cake at four", "👍")).to_be_visible()
    await ann.reaction("cake at four", "👍").click()
    await expect(bob.reaction("cake at four", "👍")).to_contain_text("2")
    await bob.choose("cake at four", "React with …")
    await bob.pane.page.get_by_role("dialog").get_by_role("button", name="🎂").click()
    for side in both:
        await expect(side.reaction("cake at four", "🎂")).to_be_visible()
    await expect(bob.reaction("cake at four", "🎂")).to_have_attribute("aria-pressed", "true")
    await expect(ann.reaction("cake at four", "🎂")).to_have_attribute("aria-pressed", "false")
    await bob.reaction("cake at four", "🎂").click()
    await expect(ann.reaction("cake at four", "🎂")).to_have_count(0)
    await expect(ann.reaction("cake at four", "👍")).to_be_visible()
