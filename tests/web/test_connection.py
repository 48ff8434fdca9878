"""What the page does about networks that lose things, and about tokens that end."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import msgspec
import pytest
from playwright.async_api import Route, WebSocketRoute, expect

from adapters.jwt.signing import generate_key_pair, issue_user_token, load_private_key
from domain.identifiers import Email
from tests.support.clients.browser import Window
from tests.support.service.service_process import ServiceProcess

ANN, BOB = "ann@example.org", "bob@example.org"
SIDE_BY_SIDE = f"?as={ANN}&as={BOB}"

NO_WEBSOCKET = """
globalThis.WebSocket = class extends EventTarget {
  readyState = 0;
  constructor() {
    super();
    setTimeout(() => {
      this.readyState = 3;
      const event = new CloseEvent("close", { code: 1006 });
      this.onclose?.(event);
      this.dispatchEvent(event);
    });
  }
  send() {}
  close() {}
};
"""


async def test_sockjs_works_where_websockets_are_blocked(service: ServiceProcess, desk: Window) -> None:
    await desk.page.add_init_script(NO_WEBSOCKET)
    await desk.page.goto(f"{service.url}/{SIDE_BY_SIDE}")
    ann, bob = desk.side("Ann"), desk.side("Bob")
    await expect(ann.pane.get_by_text("SockJS, STOMP 1.2")).to_be_visible()
    await ann.write("Bob", "around the corner")
    await expect(bob.message("around the corner")).to_be_visible()
    await expect(ann.message("around the corner")).to_contain_text("Seen")


async def test_a_send_without_an_ack_is_repeated_and_stored_once(service: ServiceProcess, desk: Window) -> None:
    sent: list[str] = []

    def lossy(client: WebSocketRoute) -> None:
        server = client.connect_to_server()

        def forward(frame: str | bytes) -> None:
            if str(frame).startswith("SEND\n") and "/app/chat.send" in str(frame):
                sent.append(str(frame).partition("\n\n")[2].rstrip("\0"))
                if len(sent) == 1:
                    return
            server.send(frame)

        client.on_message(forward)

    await desk.page.route_web_socket("**/ws", lossy)
    await desk.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
    ann = desk.side("Ann")
    await ann.write("Bob", "once")
    await expect(ann.message("once")).to_contain_text("On its way")
    await expect(ann.message("once")).to_contain_text("Stored")
    first, again = (msgspec.json.decode(body) for body in sent)
    assert first == again
    assert await ann.texts() == ["once"]


async def test_a_token_is_renewed_in_place(service: ServiceProcess, desk: Window) -> None:
    tokens = [service.token(ANN, "--ttl", "63s")]

    async def short_at_first(route: Route) -> None:
        await (route.fulfill(json={"token": tokens.pop()}) if tokens else route.continue_())

    await desk.page.route("**/dev/token", short_at_first)
    await desk.page.goto(f"{service.url}/?as={ANN}&with={BOB}")
    ann = desk.side("Ann")
    await ann.button("Show what goes over the wire").click()
    await expect(ann.pane.get_by_text("/app/auth.renew", exact=True)).to_be_visible()
    await ann.write("Bob", "still here")
    await expect(ann.message("still here")).to_contain_text("Stored")
    await expect(ann.pane.get_by_text("CONNECT", exact=True)).to_have_count(1)


@pytest.fixture
def directory() -> str:
    return "flairbit"


@pytest.fixture
async def foreign_tokens(tmp_path: Path, database_url: str, directory: str) -> AsyncIterator[ServiceProcess]:
    """A service that takes an issuer's tokens and makes none."""
    generate_key_pair(tmp_path / "issuer")
    settings = {
        "CHAT_DATABASE_URL": database_url,
        "CHAT_JWT_PUBLIC_KEY_FILE": str(tmp_path / "issuer" / "public.pem"),
        "CHAT_DIRECTORY": directory,
        **({"CHAT_DIRECTORY_OPEN": "true"} if directory == "claims" else {}),
    }
    service = ServiceProcess(tmp_path, settings)
    yield await service.start()
    await service.stop()


async def test_with_tokens_of_an_issuer_one_is_pasted_and_another_when_it_ends(
    foreign_tokens: ServiceProcess, desk: Window, tmp_path: Path
) -> None:
    key = load_private_key(tmp_path / "issuer" / "private.pem")

    async def paste(seconds: int) -> None:
        token = issue_user_token(key, Email(ANN), timedelta(seconds=seconds), datetime.now(UTC))
        await desk.page.get_by_label("Token").fill(token)
        await desk.page.get_by_role("button", name="Sign in").click()

    await desk.page.goto(foreign_tokens.url)
    await desk.page.get_by_label("Token").fill("none")
    await desk.page.get_by_role("button", name="Sign in").click()
    await expect(desk.page.get_by_role("alert")).to_contain_text("not a token")
    await paste(seconds=6)
    ann = desk.side("Ann")
    await ann.pane.get_by_label("E-mail").fill(BOB)
    await ann.button("Chat").click()
    await ann.write("Bob", "before")
    await expect(ann.message("before")).to_contain_text("Stored")
    await expect(ann.pane.get_by_text("Signed out")).to_be_visible()
    await ann.write("Bob", "afterwards")
    await paste(seconds=600)
    await expect(ann.message("afterwards")).to_contain_text("Stored")
    assert await ann.texts() == ["before", "afterwards"]


@pytest.mark.parametrize("directory", ["claims"])
async def test_the_address_may_be_in_the_claim_email(
    foreign_tokens: ServiceProcess, desk: Window, tmp_path: Path
) -> None:
    claims = {
        "sub": "user-17",
        "email": "Ann@example.org",
        "name": "Ann",
        "exp": datetime.now(UTC) + timedelta(hours=1),
    }
    key = (tmp_path / "issuer" / "private.pem").read_text()
    await desk.page.goto(foreign_tokens.url)
    await desk.page.get_by_label("Token").fill(jwt.encode(claims, key, "RS256"))
    await desk.page.get_by_role("button", name="Sign in").click()
    ann = desk.side("Ann")
    await ann.pane.get_by_label("E-mail").fill(BOB)
    await ann.button("Chat").click()
    await ann.write("Bob", "it is me")
    await expect(ann.message("it is me")).to_contain_text("Stored")


async def test_a_token_that_is_broken_over_lines_is_taken(
    foreign_tokens: ServiceProcess, desk: Window, tmp_path: Path
) -> None:
    key = load_private_key(tmp_path / "issuer" / "private.pem")
    token = issue_user_token(key, Email(ANN), timedelta(hours=1), datetime.now(UTC))
    await desk.page.goto(foreign_tokens.url)
    await desk.page.get_by_label("Token").fill(f"{token[:70]}\n  {token[70:]}\n")
    await desk.page.get_by_role("button", name="Sign in").click()
    await expect(desk.side("Ann").pane.get_by_text("Online")).to_be_visible()


async def test_a_token_that_is_too_long_is_refused_with_the_reason(
    foreign_tokens: ServiceProcess, desk: Window, tmp_path: Path
) -> None:
    claims = {"sub": ANN, "exp": datetime.now(UTC) + timedelta(hours=1), "groups": "x" * 20_000}
    key = (tmp_path / "issuer" / "private.pem").read_text()
    await desk.page.goto(foreign_tokens.url)
    await desk.page.get_by_label("Token").fill(jwt.encode(claims, key, "RS256"))
    await desk.page.get_by_role("button", name="Sign in").click()
    await expect(desk.page.get_by_role("alert").filter(has_text="header line")).to_be_visible()


async def test_a_token_of_a_wrong_key_is_refused_with_the_reason(
    foreign_tokens: ServiceProcess, desk: Window, tmp_path: Path
) -> None:
    generate_key_pair(tmp_path / "other")
    key = load_private_key(tmp_path / "other" / "private.pem")
    token = issue_user_token(key, Email(ANN), timedelta(hours=1), datetime.now(UTC))
    await desk.page.goto(foreign_tokens.url)
    await desk.page.get_by_label("Token").fill(token)
    await desk.page.get_by_role("button", name="Sign in").click()
    await expect(desk.page.get_by_role("alert")).to_contain_text("signature is not valid")
    desk.problems.clear()  # a browser tells of every 401
