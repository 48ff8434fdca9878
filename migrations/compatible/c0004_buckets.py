"""Give sessions, messages and outbox entries the bucket of their session; writers that do not know it are helped."""

from alembic import context, op

from adapters.postgres.buckets import BUCKET_FUNCTION
from adapters.postgres.schema.backfill import backfill
from adapters.postgres.schema.patient_ddl import patiently

revision = "c0004"
down_revision = "c0003"
branch_labels = None
depends_on = None

_SESSION = {"chat_sessions": "id", "chat_messages": "session_id"}


def _trigger_function(table: str) -> str:
    return f"""
        CREATE OR REPLACE FUNCTION {table}_bucket() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN NEW.bucket := chat_bucket(NEW.{_SESSION[table]}); RETURN NEW; END $$
    """


def upgrade() -> None:
    # each statement is its own transaction, so that no lock is held while another is waited for
    with op.get_context().autocommit_block():
        op.execute(BUCKET_FUNCTION)
        # entries of a writer that knows no buckets may be in any of them
        column = "ADD COLUMN IF NOT EXISTS bucket smallint NOT NULL DEFAULT 0"
        op.execute(patiently("chat_message_outbox", f"ALTER TABLE chat_message_outbox {column}"))
        for table, session in _SESSION.items():
            op.execute(_trigger_function(table))
            op.execute(
                patiently(
                    table,
                    f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS bucket smallint",
                    f"""CREATE OR REPLACE TRIGGER {table}_bucket BEFORE INSERT ON {table}
                        FOR EACH ROW WHEN (NEW.bucket IS NULL) EXECUTE FUNCTION {table}_bucket()""",
                )
            )
            if not context.is_offline_mode():  # which begins with empty tables
                backfill(op.get_bind(), table, {"bucket": f"chat_bucket(t.{session})"})
            # what is checked already makes SET NOT NULL short
            check = f"{table}_has_bucket"
            op.execute(
                patiently(
                    table,
                    f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {check}",
                    f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK (bucket IS NOT NULL) NOT VALID",
                )
            )
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {check}")
            op.execute(
                patiently(
                    table,
                    f"ALTER TABLE {table} ALTER COLUMN bucket SET NOT NULL",
                    f"ALTER TABLE {table} DROP CONSTRAINT {check}",
                )
            )


def downgrade() -> None:
    for table in _SESSION:
        op.execute(f"DROP TRIGGER {table}_bucket ON {table}")
        op.execute(f"DROP FUNCTION {table}_bucket()")
        op.drop_column(table, "bucket")
    op.drop_column("chat_message_outbox", "bucket")
    op.execute("DROP FUNCTION chat_bucket(uuid)")
