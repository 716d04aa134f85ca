"""Run by Alembic, inside the transaction that `resources.store.factory` begins and commits."""

from alembic import context

from resources.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="schema_version",
)
context.run_migrations()
