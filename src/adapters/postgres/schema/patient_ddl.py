"""Changes of a table that is in use, for migrations."""

LOCK_TIMEOUT_MS = 200
ATTEMPTS = 100
PAUSE = 0.5
"""Seconds between two attempts."""


def patiently(tables: str, *statements: str) -> str:
    """SQL that locks `tables`, all or none, against all others and runs `statements`, which must be short.

    Sends queue behind whoever waits for such a lock. So it waits 200 ms at a time, and pauses between its attempts.
    After 100 of them it raises `lock_not_available`. Run it in a transaction of its own, which ends the lock.
    """
    body = "".join(f"                {statement.strip()};\n" for statement in statements)
    return f"""
    DO $patiently$
    BEGIN
        FOR attempt IN 1..{ATTEMPTS} LOOP
            BEGIN
                PERFORM set_config('lock_timeout', '{LOCK_TIMEOUT_MS}ms', true);
                LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
{body}                RETURN;
            EXCEPTION WHEN lock_not_available THEN
                PERFORM pg_sleep({PAUSE});
            END;
        END LOOP;
        RAISE lock_not_available USING MESSAGE = 'a transaction keeps {tables} locked: migrate again later';
    END
    $patiently$
"""
