"""How far a side of a session has got, as the other side is shown it (`domain.showing.Receipts`)."""

from typing import Final

SHOWN: Final = """
    coalesce({side}_seen_shown, {side}_seen_to) AS peer_seen_to,
    greatest(coalesce({side}_delivered_shown, greatest({side}_delivered_to, {side}_seen_to)),
             coalesce({side}_seen_shown, {side}_seen_to)) AS peer_delivered_to
"""
"""The columns, of the table of sessions; `side` is `sender` or `receiver`."""

SHOWN_SEQ: Final = "coalesce(CASE WHEN last_sent_seq = last_seq THEN {side}_last_shown END, last_seq)"
"""The `seq` of the last message that is not withheld from that side. After a write of version 0.1.0 none is."""


def frozen(is_hidden: str) -> str:
    """Sets the mark that is shown of what was delivered to a side, as `domain.rules.receipts.hide` has it.

    An expression of a side (see `sides`). `is_hidden` is a condition over the session `s`.
    """
    return f"""
        {{side}}_delivered_shown = CASE WHEN {is_hidden} THEN coalesce(s.{{side}}_delivered_shown, greatest(
            s.{{side}}_delivered_to, s.{{side}}_seen_to,
            (SELECT m.seq FROM chat_messages m
             WHERE m.bucket = s.bucket AND m.session_id = s.id AND m.sender_profile_id = s.{{peer}}_profile_id
               AND m.delivered
             ORDER BY m.seq DESC LIMIT 1))) END
    """  # noqa: S608 - made of constants
