"""The API's documents, for people."""

from playwright.async_api import expect

from tests.support.clients.browser import Window
from tests.support.service.service_process import ServiceProcess


async def test_both_documents_can_be_read(service: ServiceProcess, desk: Window) -> None:
    await desk.page.goto(f"{service.url}/docs")
    rest, stomp = (desk.page.get_by_role("region", name=name, exact=True) for name in ("REST", "STOMP"))
    await expect(rest.get_by_text("/api/chat/{sessionId}/history")).to_be_visible()
    await expect(stomp.get_by_text("/topic/session.{sessionId}")).to_be_visible()
    await expect(stomp.get_by_text("resume-after").first).to_be_visible()
    for table in (
        "Headers of CONNECT",
        "Headers of every SUBSCRIBE",
        "Headers of every SEND",
        "Headers of every MESSAGE",
    ):
        await expect(stomp.get_by_role("group", name=table, exact=True)).to_be_visible()
    broken = """() => [...document.querySelectorAll('a[href^="#"]')]
        .filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.hash)"""
    assert await desk.page.evaluate(broken) == []
    await desk.page.get_by_role("navigation", name="Contents").get_by_role("link", name="ChatMessage").click()
    await expect(desk.page.get_by_role("article", name="ChatMessage")).to_be_in_viewport()


async def test_one_document_alone_can_be_read_too(service: ServiceProcess, desk: Window) -> None:
    await desk.page.route("**/schema/asyncapi.json", lambda route: route.fulfill(status=404, json={}))
    await desk.page.goto(f"{service.url}/docs/")
    await expect(desk.page.get_by_role("alert")).to_be_visible()
    await expect(desk.page.get_by_role("region", name="REST")).to_be_visible()
    desk.problems.clear()  # the browser tells of the 404
