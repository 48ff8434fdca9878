"""Commits that take a while, so that transactions end in another order than that of their numbers."""

import asyncpg

# A deferred trigger runs when all else of a transaction is done, with its locks still held.
_SLOW_COMMITS = """
    CREATE FUNCTION commit_slowly() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF random() < 0.3 THEN PERFORM pg_sleep(random() * 0.1); END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER slow_commit AFTER INSERT OR UPDATE ON chat_messages
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION commit_slowly();
"""


async def commit_slowly(database_url: str) -> None:
    """From now on three in ten rows of messages make their commit up to 0.1 s longer."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_SLOW_COMMITS)
    finally:
        await connection.close()
