"""What must last: the Postgres pool, migrations, the archive of every move, and the way back into Redis."""
