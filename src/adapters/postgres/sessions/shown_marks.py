"""How far a side of a session has got, as the other side is shown it (`domain.showing.Receipts`)."""

from typing import Final

SHOWN: Final = """
    coalesce({side}_seen_shown, {side}_seen_to) AS peer_seen_to,
    greatest(coalesce({side}_delivered_shown, greatest({side}_delivered_to, {side}_seen_to)),
             coalesce({side}_seen_shown, {side}_seen_to)) AS peer_delivered_to
"""
"""The columns, of the table of sessions; `side` is `sender` or `receiver`."""
