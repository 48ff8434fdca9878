"""The sessions of each user in a table of their own, which a trigger keeps as sessions are made."""

COLUMNS = "profile_id, intent, peer_id, session_id, bucket"

# Both rows of a session, in one order for all. A pair that is there already raises `unique_violation`.
MADE = f"""
    CREATE OR REPLACE FUNCTION chat_sessions_made() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO chat_user_sessions ({COLUMNS})
        SELECT sender_profile_id, intent, receiver_profile_id, id, bucket FROM made
        UNION ALL SELECT receiver_profile_id, intent, sender_profile_id, id, bucket FROM made ORDER BY 1, 2, 3;
        RETURN NULL;
    END $$
"""  # noqa: S608 - made of constants
GONE = """
    CREATE OR REPLACE FUNCTION chat_sessions_gone() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM chat_user_sessions u USING gone
        WHERE u.profile_id IN (gone.sender_profile_id, gone.receiver_profile_id) AND u.intent = gone.intent
          AND u.session_id = gone.id;
        RETURN NULL;
    END $$
"""
TRIGGERS = (
    """CREATE OR REPLACE TRIGGER chat_sessions_made AFTER INSERT ON chat_sessions REFERENCING NEW TABLE AS made
       FOR EACH STATEMENT EXECUTE FUNCTION chat_sessions_made()""",
    """CREATE OR REPLACE TRIGGER chat_sessions_gone AFTER DELETE ON chat_sessions REFERENCING OLD TABLE AS gone
       FOR EACH STATEMENT EXECUTE FUNCTION chat_sessions_gone()""",
)
"""Call `MADE` and `GONE`, whoever makes or deletes sessions."""
