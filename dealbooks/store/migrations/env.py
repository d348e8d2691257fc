"""Alembic's entry: runs migrations on the connection that `dealbooks.store.schema` hands over."""

from alembic import context

from dealbooks.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
