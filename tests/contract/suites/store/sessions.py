"""What every store promises of sessions."""

import asyncio

from domain.identifiers import Intent
from domain.profile import Profile
from domain.session import ChatSession
from tests.contract.suites.store.contract import Chat, Contract, Repositories
from tests.support.people import person, session_of


class SessionRepositoryContract(Contract):
    async def test_concurrent_calls_get_the_one_session_of_a_pair(self, repositories: Repositories) -> None:
        ann, bob = person("ann"), person("bob")
        asked = [session_of(ann, bob) if number % 2 else session_of(bob, ann) for number in range(20)]
        answers = await asyncio.gather(*(repositories.sessions.get_or_create(session) for session in asked))
        assert len({session.id for session in answers}) == 1
        assert await repositories.sessions.find(answers[0].id) == answers[0]

    async def test_another_intent_is_another_session(self, repositories: Repositories, chat: Chat) -> None:
        other = ChatSession(
            session_of(chat.ann, chat.bob).id, chat.session.pair, Intent("work"), chat.session.created_at
        )
        assert (await repositories.sessions.get_or_create(other)).id == other.id

    async def test_concurrent_finds_get_their_sessions(self, repositories: Repositories) -> None:
        people = [(person(f"ann{number}"), person(f"bob{number}")) for number in range(30)]
        await repositories.directory.remember([one for pair in people for one in pair])
        opened = [await repositories.sessions.get_or_create(session_of(*pair)) for pair in people]
        unknown = session_of(person("ann"), person("bob"))

        async def find(session: ChatSession) -> tuple[ChatSession | None, set[Profile]]:
            found = await repositories.sessions.find(session.id)
            return found, set(await repositories.directory.get(session.pair))

        *answers, nothing = await asyncio.gather(*map(find, [*opened, unknown]))
        assert answers == [(session, set(pair)) for session, pair in zip(opened, people, strict=True)]
        assert nothing == (None, set())

    async def test_an_unknown_session_is_not_found(self, repositories: Repositories) -> None:
        assert await repositories.sessions.find(session_of(person("ann"), person("bob")).id) is None
