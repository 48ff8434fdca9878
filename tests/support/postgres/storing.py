"""Storing drafts as the service does: those of busy sessions are handed over again."""

from collections.abc import Sequence

from application.ports.messages import AppendOutcome, MessageRepository
from domain.errors import SessionBusy
from domain.message import Draft
from tests.support.people import CLAIM, envelope


async def store(messages: MessageRepository, drafts: Sequence[Draft]) -> list[AppendOutcome]:
    outcomes = list(await messages.append(drafts, CLAIM, envelope))
    while busy := [place for place, outcome in enumerate(outcomes) if isinstance(outcome, SessionBusy)]:
        again = [drafts[place] for place in busy]
        decided = await messages.append(again, CLAIM, envelope, wait_for=again[0].session_id)
        for place, outcome in zip(busy, decided, strict=True):
            outcomes[place] = outcome
    return outcomes
