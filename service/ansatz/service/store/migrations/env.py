"""What alembic runs for every upgrade; the connection comes from `migrate`."""

from alembic import context

from ansatz.service.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
