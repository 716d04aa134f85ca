"""Where Alembic starts: inside the transaction that `resources.store.opening` has begun and will commit."""

from alembic import context

from resources.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="schema_version",
)
context.run_migrations()
