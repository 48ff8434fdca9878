"""The routes of the page: `/`, `/docs/`, and its parts below `/web/`."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.router import Router

from entrypoints.development.tokens import makes_tokens
from entrypoints.settings.model import Settings, SettingsError
from entrypoints.web_client.files import WebFile, WebFiles
from entrypoints.web_client.headers import security_headers

HttpRequest = Request[Any, Any, Any]


class About(msgspec.Struct, frozen=True, rename="camel"):
    """What the page has to know about the service. `dev_tokens`: whether the service makes tokens."""

    version: str
    profile: str
    dev_tokens: bool


def web_client(settings: Settings, files: WebFiles) -> Router | None:
    """The routes. None when the page is switched off. Raises `SettingsError` when it is missing in `prod`."""
    if not settings.web_client:
        return None
    if not files.is_there():
        if settings.profile == "prod":
            raise SettingsError(f"CHAT_WEB_CLIENT: the page's files are not in {files.folder}")
        return None
    about = About(version("chat-service"), settings.profile, makes_tokens(settings))

    @get("/web/about.json")
    async def about_json() -> About:
        return about

    return Router("/", route_handlers=[*_pages(files), about_json], include_in_schema=False)


def _pages(files: WebFiles) -> Sequence[HTTPRouteHandler]:
    @get("/", sync_to_thread=True)
    def index(request: HttpRequest) -> Response[bytes]:
        return _answer(request, files.page())

    @get("/docs", sync_to_thread=True)
    def docs(request: HttpRequest) -> Response[Any]:
        if not request.scope["raw_path"].endswith(b"/"):  # the page loads files relative to its own address
            return Redirect("docs/")
        return _answer(request, files.docs_page())

    @get("/web/{path:path}", sync_to_thread=True)
    def asset(request: HttpRequest, path: FromPath[str]) -> Response[bytes]:
        file = files.asset(path)
        if file is None:
            raise NotFoundException
        return _answer(request, file)

    return index, docs, asset


def _answer(request: HttpRequest, file: WebFile) -> Response[bytes]:
    headers = {**security_headers(request.headers.get("host", "")), "ETag": file.etag}
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=file.media_type)
    return Response(file.content, headers=headers, media_type=file.media_type)
