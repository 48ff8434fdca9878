"""How the marks of receipts move when somebody hides them (contract, section 15).

What is shown never goes back. A mark that is made while one of the two hides it is not shown. The next one that is made
while both show it covers what is before.
"""

from domain.showing import Hidden, Receipts


def seen(receipts: Receipts, up_to: int, hidden: Hidden) -> Receipts:
    """The receipts after messages were seen up to `up_to`. `hidden` is what either of the two hides."""
    seen_to = max(receipts.seen_to, up_to)
    shown = receipts.shown_as_seen
    if Hidden.SEEN not in hidden:
        shown = max(shown, up_to)
    return receipts._replace(seen_to=seen_to, seen_shown=None if shown == seen_to else shown)


def hide(receipts: Receipts, hidden: Hidden) -> Receipts:
    """The receipts after a change of the settings. `hidden` is what either of the two hides now."""
    if Hidden.DELIVERED not in hidden:
        return receipts._replace(delivered_shown=None)
    if receipts.delivered_shown is not None:
        return receipts
    return receipts._replace(delivered_shown=max(receipts.delivered_to, receipts.seen_to))
