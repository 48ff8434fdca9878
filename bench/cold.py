"""Sessions that nobody has touched since the service started: one message each."""

from datetime import UTC, datetime

import asyncpg

from adapters.memory.profiles import EmbeddedProfileLookup
from adapters.system.ids import Uuid7Generator
from bench.load_commands import Phase, Route
from bench.people import receiver_email, sender_email
from bench.phase_result import PhaseResult
from bench.testbed import Testbed
from domain.identifiers import Email, Intent
from domain.profile import Profile

_PROFILES = ("id", "email", "intent", "display_name")
_SESSIONS = ("id", "sender_profile_id", "receiver_profile_id", "intent", "created_at")


async def cold_phase(testbed: Testbed, *, sessions: int, rate: float) -> PhaseResult:
    """Makes the sessions, starts the service anew so that its caches are empty, and sends in each."""
    await testbed.pairs()  # while the service runs
    routes = await make_sessions(testbed.database_url, testbed.people.count, sessions, "cold")
    await testbed.stop_instances()
    await testbed.start_instances(1)
    await testbed.connect(routes)
    return await testbed.phase(Phase(sessions / rate, 0, rate=rate, each_once=True))


async def make_sessions(database_url: str, pairs: int, count: int, name: str) -> list[Route]:
    """`count` sessions among the people of `pairs`, no two of a person with the same intent.

    So each has profiles of its own. The intents begin with `name`.
    """
    lookup, ids, now = EmbeddedProfileLookup(), Uuid7Generator(), datetime.now(UTC)
    profiles: list[Profile] = []
    sessions: list[tuple[object, ...]] = []
    routes: list[Route] = []
    for number in range(count):
        intent = Intent(f"{name}-{number // pairs}")
        sender = await lookup.find(Email(sender_email(number % pairs)), intent)
        receiver = await lookup.find(Email(receiver_email((number + number // pairs) % pairs)), intent)
        session_id = ids.new()
        profiles += [sender, receiver]
        sessions.append((session_id, *sorted((sender.id, receiver.id)), intent, now))
        routes.append(Route(number % pairs, str(session_id), intent))
    connection = await asyncpg.connect(database_url)
    try:
        rows = [(profile.id, profile.email, profile.intent, profile.display_name) for profile in profiles]
        await connection.copy_records_to_table("chat_profiles", records=rows, columns=_PROFILES)
        await connection.copy_records_to_table("chat_sessions", records=sessions, columns=_SESSIONS)
        await connection.execute("ANALYZE chat_profiles, chat_sessions")
    finally:
        await connection.close()
    return routes
