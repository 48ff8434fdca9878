"""Sends one message in each of many sessions that the service has not cached."""

from collections.abc import Iterable
from datetime import UTC, datetime

import asyncpg

from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.system.ids import Uuid7Generator
from bench.generators.commands import Phase, Route
from bench.results.phase_result import PhaseResult
from bench.testbed.testbed import Testbed
from bench.testbed.users import INTENT, receiver_email, sender_email
from domain.identifiers import Email, Intent, ProfileId
from domain.profile import Profile

_ADD_PROFILE = """
    INSERT INTO chat_profiles (id, email, intent, display_name) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_SESSIONS = ("id", "sender_profile_id", "receiver_profile_id", "intent", "created_at")


async def cold_phase(testbed: Testbed, *, sessions: int, rate: float) -> PhaseResult:
    """Makes the sessions, restarts the service to empty its caches, and sends one message in each session."""
    await testbed.pairs()  # needs the running service
    routes = await make_sessions(testbed.database_url, testbed.users.count, sessions)
    await testbed.stop_instances()
    await testbed.start_instances(1)
    await testbed.connect(routes)
    return await testbed.phase(Phase(sessions / rate, 0, rate=rate, each_once=True))


async def make_sessions(database_url: str, pairs: int, count: int, first_partner: int = 1) -> list[Route]:
    """Makes `count` sessions among the users of `pairs`, in the database.

    Each sender gets a session with the receiver that is `first_partner` pairs further, then with the next one, and so
    on. When there are no more receivers, they begin again with another intent.
    """
    profiles: dict[ProfileId, Profile] = {}
    sessions: list[tuple[object, ...]] = []
    routes: list[Route] = []
    ids, now = Uuid7Generator(), datetime.now(UTC)
    for number in range(count):
        turn, partner = divmod(first_partner + number // pairs, pairs)
        intent = Intent(INTENT if turn == 0 else f"{INTENT}-{turn}")
        emails = sender_email(number % pairs), receiver_email((number + partner) % pairs)
        profiles_of_pair = [await EmbeddedProfileLookup().find(Email(email), intent) for email in emails]
        profiles |= {profile.id: profile for profile in profiles_of_pair}
        session_id = ids.new()
        sessions.append((session_id, *sorted(profile.id for profile in profiles_of_pair), intent, now))
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
