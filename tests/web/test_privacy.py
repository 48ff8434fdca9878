"""What one shows of oneself: who hides receipts does not see them either."""

from playwright.async_api import expect

from tests.support.clients.browser import Window
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"


async def test_hidden_receipts_are_not_shown(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(f"{service.url}/?as={ANN}&as={BOB}")
    ann, bob = desk.side("Ann"), desk.side("Bob")
    await expect(ann.line()).to_have_text("online")
    await bob.button("Privacy").click()
    dialog = desk.page.get_by_role("dialog", name="Privacy of Bob")
    for name in ("What I have read", "That I am online"):
        await dialog.get_by_label(name).uncheck()
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await ann.write("Bob", "unseen")
    await expect(bob.message("unseen")).to_be_visible()
    await bob.write("Ann", "answered")
    await expect(ann.message("answered")).to_be_visible()
    await expect(ann.message("unseen")).to_contain_text("Delivered")  # and no more
    await bob.button("Privacy").click()
    await expect(dialog.get_by_label("What I have read")).not_to_be_checked()
    await expect(dialog.get_by_label("That I am typing")).to_be_checked()
    await desk.page.keyboard.press("Escape")
    await expect(bob.button("Privacy")).to_be_focused()
