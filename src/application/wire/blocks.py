"""Blocks, in the JSON that clients get (contract, section 16)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from application.wire import fields
from domain.blocks import Block, Scope

ScopeName = Annotated[
    Scope,
    msgspec.Meta(description="`all`: in every session of the two people; `intent`: only in that with this profile"),
]


class BlockEntry(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody whom the caller has blocked."""

    profile_id: fields.ProfileKey
    scope: ScopeName
    display_name: fields.DisplayName
    blocked_at: fields.Moment


class BlockPage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of blocks. The last page has no cursor."""

    blocks: Sequence[BlockEntry]
    next_cursor: fields.Cursor | None


def block_of(block: Block, display_name: str) -> BlockEntry:
    """The JSON form of a block that holds."""
    assert block.scope is not None, "it holds"
    return BlockEntry(block.profile_id, block.scope, display_name, block.blocked_at)
