"""The settings of what may become of a message after it was sent (contract, section 13)."""

from typing import Annotated

import msgspec

from entrypoints.settings.types import Duration, Secret


class MessageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Windows, texts, keys and rates of edits, deletions and reactions."""

    edit_window: Annotated[
        Duration, msgspec.Meta(description="how long a sender may edit a message; 0 = not at all, `edit` is off")
    ] = Duration(900)
    delete_window: Annotated[
        Duration, msgspec.Meta(description="how long a sender may delete a message for both; 0 = not at all")
    ] = Duration(86_400)
    deleted_text: Annotated[
        str, msgspec.Meta(description="`content` of a deleted message, for clients that know no `deleted`")
    ] = "This message was deleted"
    withheld_text: Annotated[
        str,
        msgspec.Meta(
            description="`content` of a message of somebody whom its receiver had blocked, for clients that know no "
            "`withheld`; unset = `CHAT_DELETED_TEXT`"
        ),
    ] = ""
    digest_key: Annotated[
        Secret,
        msgspec.Meta(
            description="key of `sync` tokens, and of the digests by which repeats of edited and deleted messages are "
            "known; of several between commas the first is for new ones; unset = made from the password in "
            "`CHAT_DATABASE_URL`"
        ),
    ] = Secret()
    rate_commands: Annotated[
        int,
        msgspec.Meta(ge=0, description="commands (edits, typing and others) a second of one user; 0 is no limit"),
    ] = 10
    rate_commands_burst: Annotated[int, msgspec.Meta(ge=1, description="commands of one user at once")] = 50
