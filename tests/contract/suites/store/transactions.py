"""What every store promises of messages that are appended in one transaction."""

import asyncio

import pytest

from application.ports.messages import Repeated, Stored
from domain.errors import IdempotencyConflict, SessionNotFound, TransactionAborted
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import CLAIM, draft, envelope, session_of, transaction
from tests.support.postgres.storing import store


class TransactionContract(Contract):
    async def test_a_transaction_is_stored_in_order(self, repositories: Repositories, chat: Chat) -> None:
        alone, *together = chat.drafts(4)
        outcomes = await repositories.messages.append([alone, *transaction(*together)], CLAIM, envelope)
        assert [one.message.seq for one in outcomes if isinstance(one, Stored)] == [1, 2, 3, 4]

    @pytest.mark.parametrize("why", ["conflict", "conflict within", "unknown session"])
    @pytest.mark.parametrize("place", [0, 1, 2])
    async def test_a_refused_draft_refuses_its_transaction(
        self, repositories: Repositories, chat: Chat, why: str, place: int
    ) -> None:
        first, before, after, *good = chat.drafts(6)
        await repositories.messages.append([first], CLAIM, envelope)
        bad = {
            "conflict": draft(chat.session, chat.bob, chat.ann, "else", first.client_message_id),
            "conflict within": draft(chat.session, chat.ann, chat.bob, "else", before.client_message_id),
            "unknown session": draft(session_of(chat.ann, chat.bob), chat.ann, chat.bob),
        }[why]
        together = [*good[:place], bad, *good[place:2]]
        batch = [before, *transaction(*together), after, *transaction(*good)]
        outcomes = await repositories.messages.append(batch, CLAIM, envelope)
        refused, error = outcomes[1:4], {"unknown session": SessionNotFound}.get(why, IdempotencyConflict)
        assert [type(one) for one in refused] == [
            error if number == place else TransactionAborted for number in range(3)
        ]
        others = [outcomes[0], *outcomes[4:]]
        assert [one.message.seq for one in others if isinstance(one, Stored)] == [2, 3, 4, 5, 6]
        contents = [message.content for message in await repositories.messages.latest(chat.session.id, 10)]
        assert contents == [one.content for one in (first, before, after, *good)]
        assert (await repositories.outbox.status()).pending == 3 * len(contents)

    async def test_a_refused_transaction_leaves_no_trace(self, repositories: Repositories, chat: Chat) -> None:
        lost = draft(session_of(chat.ann, chat.bob), chat.ann, chat.bob)
        (wanted,) = chat.drafts(1)
        other = wanted._replace(content="else")
        outcomes = await repositories.messages.append([*transaction(wanted, lost), other], CLAIM, envelope)
        assert [type(one) for one in outcomes] == [TransactionAborted, SessionNotFound, Stored]

    async def test_a_repeated_transaction_is_a_repeat_of_each_message(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        together = transaction(*chat.drafts(3))
        for kind in (Stored, Repeated):
            outcomes = await repositories.messages.append(together, CLAIM, envelope)
            assert [type(one) for one in outcomes] == [kind] * 3
        assert len(await repositories.messages.latest(chat.session.id, 10)) == 3

    async def test_racing_transactions_are_stored_whole_or_not_at_all(
        self, repositories: Repositories, chat: Chat
    ) -> None:
        wanted = chat.drafts(1)[0].client_message_id
        claims = [
            transaction(
                draft(chat.session, chat.ann, chat.bob, f"first of {number}"),
                draft(chat.session, chat.ann, chat.bob, f"second of {number}", wanted),
            )
            for number in range(8)
        ]
        await asyncio.gather(*(store(repositories.messages, claim) for claim in claims))
        first, second = await repositories.messages.latest(chat.session.id, 10)
        assert [first.content.split()[0], second.content.split()[0]] == ["first", "second"]
        assert first.content.split()[-1] == second.content.split()[-1]
