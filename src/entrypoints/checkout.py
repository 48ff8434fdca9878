"""Where the files beside the packages are: next to `src` in a checkout, inside a package in a wheel."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
_IN_A_WHEEL = Path(__file__).parent / "web_client" / "_web"  # where `scripts/hatch_build.py` puts it
WEB = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else PROJECT / "web"
