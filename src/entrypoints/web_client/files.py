"""Reads the files of the page: ours from `web/`, and those of two npm packages."""

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
    """A file and its content type."""

    content: bytes
    media_type: str
    etag: str


class WebFiles:
    """The files in `folder`, which is `web/` in a checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._vendor = {mount: folder / path for mount, path in _VENDOR.items()}

    def is_there(self) -> bool:
        """Whether the page was installed with the code."""
        return (self.folder / "index.html").is_file()

    def page(self) -> WebFile:
        """The page, or a page that says how to install its npm packages."""
        is_built = (self._vendor["vendor/stompjs"] / "index.js").is_file()
        return _read(self.folder / ("index.html" if is_built else "packages-missing.html"))

    def docs_page(self) -> WebFile:
        """The page with the documents of the API."""
        return _read(self.folder / "docs" / "index.html")

    def asset(self, path: str) -> WebFile | None:
        """The file at this path below `/web/`. None for anything that is no part of the page."""
        try:
            file = self._locate(path.strip("/"))
            return None if file is None or file.suffix not in _MEDIA_TYPES or not file.is_file() else _read(file)
        except (OSError, ValueError):  # no file can have this name: too long, with NUL, or with a lone surrogate
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
