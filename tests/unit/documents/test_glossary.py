"""The glossary of `docs/architecture.md`: few words, and the words of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").exists())
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MAX_WORDS = 30
# names that say nothing, or that had to be guessed
AVOIDED = {"anew", "each", "hear", "one", "owed", "siblings", "told", "vain"}


def glossary() -> dict[str, str]:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", page.partition("\n## Words\n")[2], re.MULTILINE)
    return {word.strip("`"): meaning for word, meaning in rows if word not in ("word", "---")}


def words_of(source: str) -> str:
    """The text of a source file, with identifiers split into words."""
    return re.sub(r"[_\s-]+", " ", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", source)).lower()


def names(tree: ast.AST) -> Iterator[str]:
    """The names that a source file gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def test_the_glossary_is_short() -> None:
    assert 0 < len(glossary()) <= MAX_WORDS
    assert all(glossary().values())


def test_each_word_is_used_in_the_source() -> None:
    text = words_of("\n".join(file.read_text() for file in SOURCES))
    unused = [word for word in glossary() if not re.search(rf"\b{re.escape(word.lower())}s?\b", text)]
    assert not unused


def test_no_name_in_the_source_is_one_to_avoid() -> None:
    found = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in SOURCES
        for name in names(ast.parse(file.read_text()))
        if name.strip("_") in AVOIDED
    }
    assert not found
