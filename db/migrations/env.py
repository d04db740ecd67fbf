"""Alembic's entry: runs inside the connection that `db.migrate` opened and owns."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table="revision",
    version_table_schema="muang",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
