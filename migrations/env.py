"""How Alembic runs: on the connection that it is handed, or offline to print SQL."""

from alembic import context

from adapters.postgres.tables import metadata

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata)
else:
    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
