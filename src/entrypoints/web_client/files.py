"""The files of the page: ours from `web/`, and two npm packages from where npm puts them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_OURS = ("js", "style", "icon.svg")
_VENDOR: Mapping[str, Path] = {
    "vendor/stompjs": Path("node_modules", "@stomp", "stompjs", "esm6"),
    "vendor/sockjs": Path("node_modules", "sockjs-client", "dist"),
}
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


class WebFiles:
    """`folder` has the page, as `web/` of the project does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._vendor = {mount: folder / path for mount, path in _VENDOR.items()}

    def is_there(self) -> bool:
        """Whether the page came with the code."""
        return (self.folder / "index.html").is_file()

    def page(self) -> WebFile:
        """The client, or how to get the packages it is built on."""
        is_built = (self._vendor["vendor/stompjs"] / "index.js").is_file()
        return _read(self.folder / ("index.html" if is_built else "packages-missing.html"))

    def docs_page(self) -> WebFile:
        return _read(self.folder / "docs" / "index.html")

    def asset(self, path: str) -> WebFile | None:
        """What is at this path below `/web/`; nothing but the page's own parts can be had."""
        try:
            file = self._locate(path.strip("/"))
            return None if file is None or file.suffix not in _MEDIA_TYPES or not file.is_file() else _read(file)
        except (OSError, ValueError):  # a name that no file can have: too long, with NUL, with half a character
            return None

    def _locate(self, path: str) -> Path | None:
        root, name = next(
            (
                (folder, path.removeprefix(f"{mount}/"))
                for mount, folder in self._vendor.items()
                if path.startswith(f"{mount}/")
            ),
            (self.folder, path),
        )
        if root is self.folder and path.partition("/")[0] not in _OURS:
            return None
        root = root.resolve()
        file = (root / name).resolve()
        return file if file.is_relative_to(root) else None


def _read(file: Path) -> WebFile:
    status = file.stat()
    return WebFile(file.read_bytes(), _MEDIA_TYPES[file.suffix], f'"{status.st_mtime_ns:x}-{status.st_size:x}"')
