"""Sessions that nobody has touched since the service started: one message each."""

from collections.abc import Iterable
from datetime import UTC, datetime

import asyncpg

from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.system.ids import Uuid7Generator
from bench.load_commands import Phase, Route
from bench.people import INTENT, receiver_email, sender_email
from bench.phase_result import PhaseResult
from bench.testbed import Testbed
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile

_ADD_PROFILE = """
    INSERT INTO chat_profiles (id, email, intent, display_name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_SESSIONS = ("id", "sender_profile_id", "receiver_profile_id", "intent", "created_at")


async def cold_phase(testbed: Testbed, *, sessions: int, rate: float) -> PhaseResult:
    """Makes the sessions, starts the service anew so that its caches are empty, and sends in each."""
    await testbed.pairs()  # while the service runs
    routes = await make_sessions(testbed.database_url, testbed.people.count, sessions)
    await testbed.stop_instances()
    await testbed.start_instances(1)
    await testbed.connect(routes)
    return await testbed.phase(Phase(sessions / rate, 0, rate=rate, each_once=True))


async def make_sessions(database_url: str, pairs: int, count: int, first_partner: int = 1) -> list[Route]:
    """`count` sessions among the people of `pairs`.

    Each sender has one with the receiver that is `first_partner` pairs further, with the next one, and so on. When
    there are no more, they begin again with another intent.
    """
    profiles: dict[ProfileId, Profile] = {}
    sessions: list[tuple[object, ...]] = []
    routes: list[Route] = []
    ids, now = Uuid7Generator(), datetime.now(UTC)
    for number in range(count):
        turn, partner = divmod(first_partner + number // pairs, pairs)
        intent = Intent(INTENT if turn == 0 else f"{INTENT}-{turn}")
        people = sender_email(number % pairs), receiver_email((number + partner) % pairs)
        two = [await EmbeddedProfileLookup().find(Email(email), intent) for email in people]
        profiles |= {profile.id: profile for profile in two}
        session_id = ids.new()
        sessions.append((session_id, *sorted(profile.id for profile in two), intent, now))
        routes.append(Route(number % pairs, str(session_id), intent))
    await _store(database_url, profiles.values(), sessions)
    return routes


async def _store(database_url: str, profiles: Iterable[Profile], sessions: list[tuple[object, ...]]) -> None:
    rows = [(profile.id, profile.email, profile.intent, profile.display_name) for profile in profiles]
    connection = await asyncpg.connect(database_url)
    try:
        await connection.executemany(_ADD_PROFILE, rows)
        await connection.copy_records_to_table("chat_sessions", records=sessions, columns=_SESSIONS)
        await connection.execute("ANALYZE chat_profiles, chat_sessions")
    finally:
        await connection.close()
