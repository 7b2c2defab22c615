"""Backups of a guild's live state, beside the files of the same content."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of backups."""
    op.execute("""
CREATE TABLE backups (
    guild_id bigint NOT NULL,
    taken_at timestamptz NOT NULL,
    rev      bigint NOT NULL,
    cause    text NOT NULL,
    songs    integer NOT NULL,
    sha256   text NOT NULL,
    size     integer NOT NULL,
    content  bytea NOT NULL,
    PRIMARY KEY (guild_id, taken_at, rev)
)""")
    # It is compressed already; trying again would only cost time.
    op.execute("ALTER TABLE backups ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(
        "COMMENT ON TABLE backups IS 'The live state of a guild at one moment. content: the bytes of the "
        "backup file, compressed (zlib); bytes and not jsonb, so that the checksum covers what was written'"
    )
    op.execute("COMMENT ON COLUMN backups.size IS 'bytes of the file, that is of content before compression'")


def downgrade() -> None:
    """Drop the backups."""
    op.execute("DROP TABLE backups")
