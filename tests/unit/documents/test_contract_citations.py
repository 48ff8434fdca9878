"""Docstrings and comments cite `docs/contract.md` by section: each citation leads somewhere."""

import re
from pathlib import Path

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").exists())
CITATION = re.compile(r"[Cc]ontract,\s+sections?\s+(\d+(?:(?:,| and)\s+\d+)*)")
CITING = [file for folder in ("src", "tests", "bench", "chaos", "lab") for file in (ROOT / folder).rglob("*.py")]


def sections() -> set[str]:
    text = (ROOT / "docs" / "contract.md").read_text()
    return set(re.findall(r"^## (\d+)\. ", text, re.MULTILINE))


def citations(text: str) -> list[str]:
    return [number for cited in CITATION.findall(text) for number in re.findall(r"\d+", cited)]


def test_a_citation_is_found_in_each_of_its_forms() -> None:
    text = "(contract, section 7) Contract, sections 3 and 4; (contract, section 5: 408) (contract,\n    section 9)"
    assert citations(text) == ["7", "3", "4", "5", "9"]


def test_the_source_cites_the_contract() -> None:
    assert sum(len(citations(file.read_text())) for file in CITING) > 30


def test_each_cited_section_exists() -> None:
    lost = {str(file): cited - sections() for file in CITING if (cited := set(citations(file.read_text())))}
    assert not {file: unknown for file, unknown in lost.items() if unknown}
