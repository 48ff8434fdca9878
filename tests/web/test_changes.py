"""Messages that change: edits and deletions, live, after a cut, and where the service has them switched off."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.support.clients.browser import Side, Window, window
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
SIDE_BY_SIDE = f"?as={ANN}&as={BOB}"
GONE = "This message was deleted"


@pytest.fixture
async def both(service: ServiceProcess, desk: Window) -> tuple[Side, Side]:
    await desk.page.goto(f"{service.url}/{SIDE_BY_SIDE}")
    ann, bob = desk.side("Ann"), desk.side("Bob")
    await ann.write("Bob", "see you at ate")
    await expect(bob.message("see you at ate")).to_be_visible()
    await expect(ann.message("see you at ate")).to_contain_text("Seen")
    return ann, bob


async def test_an_edit_shows_on_both_sides_and_leaves_the_draft(both: tuple[Side, Side]) -> None:
    ann, bob = both
    field = ann.pane.get_by_role("textbox", name="Message to Bob")
    await field.fill("half a thou")
    await ann.choose("see you at ate", "Edit")
    await expect(field).to_be_focused()
    await expect(field).to_have_value("see you at ate")
    await field.fill("see you at <i>eight</i>")
    await field.press("Enter")
    for side in both:
        await expect(side.message("see you at <i>eight</i>")).to_contain_text("edited")
        assert await side.texts() == ["see you at <i>eight</i>"]
    await expect(bob.conversation_with("Ann")).to_contain_text("see you at <i>eight</i>")
    await expect(field).to_have_value("half a thou")


async def test_only_the_own_message_is_deleted_for_everyone(both: tuple[Side, Side]) -> None:
    ann, bob = both
    await bob.write("Ann", "too early")
    await expect(ann.message("too early")).to_be_visible()
    await bob.choose("see you at ate", "Delete …")
    dialog = bob.pane.page.get_by_role("dialog", name="Delete the message?")
    await expect(dialog.get_by_role("button", name="Delete for everyone")).to_have_count(0)
    await dialog.get_by_role("button", name="Delete for me").click()
    await expect(bob.message(GONE)).to_have_count(1)
    assert await ann.texts() == ["see you at ate", "too early"]
    await ann.choose("see you at ate", "Delete …")
    await dialog.get_by_role("button", name="Delete for everyone").click()
    await expect(ann.message(GONE)).to_have_count(1)
    await bob.choose("too early", "Delete …")
    await dialog.get_by_role("button", name="Delete for everyone").click()
    for side in both:
        await expect(side.message(GONE)).to_have_count(2)
        await expect(side.conversation_with("Ann" if side is bob else "Bob")).to_contain_text(GONE)
        await expect(side.pane.get_by_role("button", name="More about the message")).to_have_count(0)


async def test_the_keyboard_edits_and_deletes(both: tuple[Side, Side]) -> None:
    ann, bob = both
    keyboard = ann.pane.page.keyboard
    field = ann.pane.get_by_role("textbox", name="Message to Bob")
    await field.focus()
    await keyboard.press("ArrowUp")
    await expect(field).to_have_value("see you at ate")
    await keyboard.press("Escape")
    await expect(field).to_have_value("")
    await keyboard.press("ArrowUp")
    await field.fill("see you at eight")
    await keyboard.press("Enter")
    await expect(bob.message("see you at eight")).to_contain_text("edited")
    await ann.write("Bob", "bring cake")
    await expect(ann.message("bring cake")).to_contain_text("Seen")
    await field.press("Shift+Tab")
    await expect(ann.more("bring cake")).to_be_focused()
    await keyboard.press("ArrowUp")
    await expect(ann.more("see you at eight")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("End")
    await expect(ann.pane.get_by_role("menuitem", name="Delete …")).to_be_focused()
    await keyboard.press("Escape")
    await expect(ann.more("see you at eight")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("End")
    await expect(ann.pane.get_by_role("menuitem", name="Delete …")).to_be_focused()
    await keyboard.press("Enter")
    await keyboard.press("Enter")
    await expect(bob.message(GONE)).to_have_count(1)


async def test_a_cut_is_resumed_by_token_with_all_that_has_changed(both: tuple[Side, Side]) -> None:
    ann, bob = both
    await bob.write("Ann", "nine?")
    await expect(bob.message("nine?")).to_contain_text("Seen")
    await bob.button("Disconnect").click()
    await bob.button("Show what goes over the wire").click()
    log = bob.pane.get_by_role("region", name="On the wire: Bob")
    await log.get_by_role("button", name="Clear").click()
    await ann.choose("see you at ate", "Delete …")
    await ann.pane.page.get_by_role("button", name="Delete for everyone").click()
    await expect(ann.message(GONE)).to_have_count(1)
    await ann.write("Bob", "half past eight")
    await ann.write("Bob", "at the station")
    await expect(ann.message("at the station")).to_contain_text("Stored")
    assert GONE not in await bob.texts()
    await bob.button("Connect again").click()
    await expect(bob.message("at the station")).to_be_visible()
    await expect(ann.message("at the station")).to_contain_text("Seen")
    assert await bob.texts() == await ann.texts() == [GONE, "nine?", "half past eight", "at the station"]
    await expect(bob.message("Connection resumed after no. 2: 2 messages")).to_be_attached()
    await expect(log.get_by_text(re.compile(r"/user/queue/events · resume-after …\S+"))).to_be_visible()
    await expect(log.get_by_text(re.compile("· ready")).first).to_be_visible()
    await expect(log.get_by_text(re.compile("/history|/sessions"))).to_have_count(0)


@pytest.mark.parametrize("features", ["none", "events"])
async def test_what_is_switched_off_is_not_offered(
    tmp_path: Path, database_url: str, browser: Browser, features: str
) -> None:
    service = ServiceProcess(tmp_path, {"CHAT_DATABASE_URL": database_url, "CHAT_FEATURES": features})
    await service.start()
    async with window(browser, viewport={"width": 1400, "height": 850}) as desk:
        await desk.page.goto(f"{service.url}/{SIDE_BY_SIDE}")
        ann, bob = desk.side("Ann"), desk.side("Bob")
        await ann.write("Bob", "as before")
        await expect(ann.message("as before")).to_contain_text("Seen")
        await bob.button("Disconnect").click()
        await ann.write("Bob", "and after")
        await expect(ann.message("and after")).to_contain_text("Stored")
        await bob.button("Connect again").click()
        await expect(bob.message("and after")).to_be_visible()
        await expect(ann.message("and after")).to_contain_text("Seen")
        await ann.more("and after").click()
        await expect(ann.pane.get_by_role("menuitem")).to_have_text(["Copy"])
        assert desk.problems == []
    assert await service.stop() == 0
