"""Finds the files that are not code: next to `src` in a checkout, inside a package in a wheel."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
_IN_A_WHEEL = Path(__file__).parent / "web_client" / "_web"  # put there by `scripts/hatch_build.py`
WEB = _IN_A_WHEEL if _IN_A_WHEEL.is_dir() else PROJECT / "web"
