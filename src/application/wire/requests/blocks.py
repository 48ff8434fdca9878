"""The bodies that block somebody, over HTTP and STOMP (contract, section 16)."""

from application.commands import BlockCommand
from application.wire.blocks import ScopeName
from application.wire.fields import GivenProfileKey
from application.wire.requests.commands import CommandRequest
from application.wire.requests.ids import parse_id
from domain.blocks import Scope
from domain.identifiers import ProfileId


class BlockRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """Where the block holds."""

    scope: ScopeName

    def of(self, profile_id: str) -> BlockCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return _block(self, profile_id, self.scope)


class UnblockRequest(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """Who ends a block, for REST, whose DELETE has no body."""

    def of(self, profile_id: str) -> BlockCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return _block(self, profile_id, None)


class BlockPerson(CommandRequest, frozen=True, rename="camel", kw_only=True):
    """A block, or with null its end, as it is sent over STOMP."""

    profile_id: GivenProfileKey
    scope: ScopeName | None

    def command(self) -> BlockCommand:
        """The command that this request asks for. Raises `Invalid`."""
        return _block(self, self.profile_id, self.scope)


def _block(asked: CommandRequest, profile_id: str, scope: Scope | None) -> BlockCommand:
    return BlockCommand(
        profile_id=ProfileId(parse_id(profile_id, "profileId")),
        scope=scope,
        email=asked.actor(),
        operation_id=asked.operation(),
    )
