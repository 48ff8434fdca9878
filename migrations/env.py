"""How Alembic runs: on the connection that it is handed, or offline to print SQL."""

from alembic import context

version_table = context.config.attributes["version_table"]
if context.is_offline_mode():
    context.configure(dialect_name="postgresql", transaction_per_migration=True, version_table=version_table)
else:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=True, version_table=version_table)
with context.begin_transaction():
    context.run_migrations()
