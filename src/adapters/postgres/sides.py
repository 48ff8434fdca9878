"""SQL about the sides of a session, written once for both.

`{side}` stands for `sender` or `receiver`, and `{peer}` for the other one.
"""

from typing import Final

_PEER: Final = {"sender": "receiver", "receiver": "sender"}


def of_side(side: str, expression: str) -> str:
    """The expression of the side `sender` or `receiver`."""
    return expression.format(side=side, peer=_PEER[side])


def of_both(expression: str) -> str:
    """The expression of the sender, and that of the receiver."""
    return ", ".join(of_side(side, expression) for side in _PEER)


def chosen(is_sender: str, expression: str) -> str:
    """The expression of the sender where `is_sender` holds, else that of the receiver."""
    return f"CASE WHEN {is_sender} THEN {of_side('sender', expression)} ELSE {of_side('receiver', expression)} END"


def set_chosen(is_sender: str, column: str, value: str, otherwise: str = "") -> str:
    """Sets the column of the chosen side to `value`, and that of the other side to `otherwise`: else it stays.

    `column` is without a table. The row is `s`.
    """
    stays = otherwise or f"s.{column}"
    return f"""
        {of_side("sender", column)} =
            CASE WHEN {is_sender} THEN {of_side("sender", value)} ELSE {of_side("sender", stays)} END,
        {of_side("receiver", column)} =
            CASE WHEN {is_sender} THEN {of_side("receiver", stays)} ELSE {of_side("receiver", value)} END"""
