"""The files of the page: ours from `web/`, and two npm packages from where npm puts them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from entrypoints.settings.model import PROJECT

_INSTALLED = Path(__file__).parent / "_web"  # in a wheel
WEB = _INSTALLED if _INSTALLED.is_dir() else PROJECT / "web"
_PACKAGES = WEB / "node_modules"
_OURS = ("js", "style", "icon.svg")
VENDOR: Mapping[str, Path] = {
    "vendor/stompjs": _PACKAGES / "@stomp" / "stompjs" / "esm6",
    "vendor/sockjs": _PACKAGES / "sockjs-client" / "dist",
}
_STOMPJS = VENDOR["vendor/stompjs"] / "index.js"
_MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".map": "application/json",
}


class WebFile(NamedTuple):
    content: bytes
    media_type: str
    etag: str


def is_there() -> bool:
    """Whether the page came with the code."""
    return (WEB / "index.html").is_file()


def page() -> WebFile:
    """The client, or how to get the packages it is built on."""
    return _read(WEB / ("index.html" if _STOMPJS.is_file() else "packages-missing.html"))


def docs_page() -> WebFile:
    return _read(WEB / "docs" / "index.html")


def asset(path: str) -> WebFile | None:
    """What is at this path below `/web/`; nothing but the page's own parts can be had."""
    try:
        file = _locate(path.strip("/"))
        return None if file is None or file.suffix not in _MEDIA_TYPES or not file.is_file() else _read(file)
    except (OSError, ValueError):  # a name that no file can have: too long, with NUL, with half a character
        return None


def _locate(path: str) -> Path | None:
    root, name = next(
        ((folder, path.removeprefix(f"{mount}/")) for mount, folder in VENDOR.items() if path.startswith(f"{mount}/")),
        (WEB, path),
    )
    if root is WEB and path.partition("/")[0] not in _OURS:
        return None
    root = root.resolve()
    file = (root / name).resolve()
    return file if file.is_relative_to(root) else None


def _read(file: Path) -> WebFile:
    status = file.stat()
    return WebFile(file.read_bytes(), _MEDIA_TYPES[file.suffix], f'"{status.st_mtime_ns:x}-{status.st_size:x}"')
