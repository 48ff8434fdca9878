"""Everybody can use the page: axe finds nothing against it, and the keyboard alone is enough."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from entrypoints.checkout import WEB
from tests.support.clients.browser import Window, window
from tests.support.service.service_process import ServiceProcess

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIDE_BY_SIDE = "?as=ann@example.org&as=bob@example.org"
PHONE = {"viewport": {"width": 360, "height": 640}, "is_mobile": True, "has_touch": True}


def axe() -> str:
    return AXE.read_text()


async def violations(page: Page) -> list[str]:
    await page.evaluate(axe())
    found: dict[str, Any] = await page.evaluate("rules => axe.run({ runOnly: rules })", RULES)
    return [f"{one['id']}: {node['html']}" for one in found["violations"] for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_has_nothing_to_say(service: ServiceProcess, browser: Browser, scheme: str) -> None:
    async with window(browser, viewport={"width": 1400, "height": 850}, color_scheme=scheme) as desk:
        page = desk.page
        await page.goto(service.url)
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert await violations(page) == []
        await page.goto(f"{service.url}/{SIDE_BY_SIDE}")
        ann, bob = desk.side("Ann"), desk.side("Bob")
        await ann.write("Bob", "hello")
        await expect(ann.message("hello")).to_contain_text("Seen")
        await bob.button("Disconnect").click()
        await bob.write("Ann", "waiting")
        for side in (ann, bob):
            await side.button("Show what goes over the wire").click()
        await page.get_by_role("button", name="Add a person").click()
        assert await violations(page) == []
        await page.goto(f"{service.url}/docs/")
        await expect(page.get_by_role("article").first).to_be_visible()
        assert await violations(page) == []


async def test_axe_has_nothing_to_say_of_the_page_on_a_phone(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser, **PHONE) as small:
        await small.page.goto(f"{service.url}/?as=ann@example.org&with=bob@example.org")
        ann = small.side("Ann")
        await ann.write("Bob", "hello")
        await expect(ann.message("hello")).to_contain_text("Stored")
        assert await violations(small.page) == []
        await ann.button("Back to the conversations").click()
        assert await violations(small.page) == []


async def test_the_keyboard_is_enough(service: ServiceProcess, desk: Window) -> None:
    page = desk.page
    await page.goto(service.url)
    await expect(page.get_by_label("E-mail")).to_be_visible()
    await page.get_by_label("E-mail").focus()
    await page.keyboard.type("ann@example.org")
    await page.keyboard.press("Enter")
    ann = desk.side("Ann")
    await expect(ann.pane.get_by_role("textbox", name="E-mail")).to_be_focused()
    await page.keyboard.type("bob@example.org")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("textbox", name="Message to Bob")).to_be_focused()
    await page.keyboard.type("first line")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("second line")
    await page.keyboard.press("Enter")
    await expect(ann.message("second line")).to_contain_text("Stored")
    assert await ann.texts() == ["first line\nsecond line"]


async def test_a_screen_reader_reads_new_messages(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(f"{service.url}/{SIDE_BY_SIDE}")
    await desk.side("Bob").write("Ann", "can you hear me?")
    await expect(desk.page.get_by_role("status").filter(has_text="Bob to Ann: can you hear me?")).to_be_attached()


async def test_axe_finds_no_fault_when_two_people_chat_with_the_same_third(
    service: ServiceProcess, desk: Window
) -> None:
    page = desk.page
    people = ("ann@example.org", "ann@example.com", "cleo@example.org")
    await page.goto(f"{service.url}/?{'&'.join(f'as={email}' for email in people)}")
    for name in ("Ann", "ann@example.com", "Cleo"):
        side = desk.side(name)
        await side.pane.get_by_role("textbox", name="E-mail").fill("bob@example.org")
        await side.button("Chat").click()
        await expect(side.pane.get_by_role("textbox", name="Message to Bob")).to_be_visible()
    assert await violations(page) == []


async def test_bubbles_keep_their_edges_without_our_colours(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser, forced_colors="active") as plain:
        await plain.page.goto(f"{service.url}/?as=ann@example.org&with=bob@example.org")
        ann = plain.side("Ann")
        await ann.write("Bob", "hello")
        await expect(ann.message("hello")).to_contain_text("Stored")
        assert (
            await ann.message("hello").locator(".bubble").evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
        )


async def test_a_finger_finds_what_it_touches(service: ServiceProcess, browser: Browser) -> None:
    async with window(browser, **PHONE) as small:
        await small.page.goto(f"{service.url}/?as=ann@example.org&with=bob@example.org")
        ann = small.side("Ann")
        await ann.write("Bob", "hello")
        await expect(ann.message("hello")).to_contain_text("Stored")
        for view in ("conversation", "list"):
            sizes = await small.page.evaluate(
                """() => [...document.querySelectorAll('button, textarea, nav a')]
                    .map(e => [e.getAttribute('aria-label') ?? e.textContent, e.getBoundingClientRect()])
                    .filter(([, box]) => box.width && (box.width < 44 || box.height < 44))
                    .map(([name, box]) => `${name}: ${box.width} x ${box.height}`)"""
            )
            assert sizes == [], view
            if view == "conversation":
                await ann.button("Back to the conversations").click()
