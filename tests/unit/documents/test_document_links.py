"""Every link between the documents leads to a file, and every page is reached from docs/README.md."""

import re
from pathlib import Path

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").exists())
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def links(page: Path) -> set[Path]:
    targets = (target for target in LINK.findall(page.read_text()) if "://" not in target and target[0] != "/")
    return {(page.parent / target).resolve() for target in targets}


def test_every_link_leads_to_a_file() -> None:
    lost = {str(page): [str(link) for link in links(page) if not link.exists()] for page in PAGES}
    assert not {page: missing for page, missing in lost.items() if missing}


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    ahead = {ROOT / "docs" / "README.md"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead |= {link for link in links(page) if link.suffix == ".md"} - reached
    assert {page for page in PAGES if page.is_relative_to(ROOT / "docs")} <= reached


def test_every_room_of_the_architecture_page_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = set(re.findall(r"`((?:src|tests|bench|chaos|adapters|application|entrypoints|domain)/[\w/.]+)`", page))
    assert len(named) > 20
    roots = (ROOT, ROOT / "src")
    assert not [name for name in named if not any((root / name).exists() for root in roots)]


def test_every_room_of_the_source_is_on_the_architecture_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = [
        folder for part in (ROOT / "src").iterdir() for folder in part.iterdir() if (folder / "__init__.py").exists()
    ]
    assert not [room.name for room in rooms if f"{room.name}`" not in page]
