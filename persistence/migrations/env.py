"""Alembic's environment: renders migrations to SQL, which `persistence.migrations` runs through asyncpg.

Alembic's own "online" mode needs a driver that blocks. Its rendering needs none, and as every migration is
raw SQL nothing is lost. The transaction around them all is the caller's.
"""

from alembic import context

context.configure(dialect_name="postgresql", dialect_opts={"paramstyle": "named"})
context.run_migrations()
