"""What a JSON document points at in itself."""

from collections.abc import Iterator


def references(node: object) -> Iterator[str]:
    """Every `$ref` in it, at any depth."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)
