"""Alembic's entry point; the connection is handed in by ``registry.database``."""

from alembic import context

from marrowmap.registry.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True
)
context.run_migrations()
