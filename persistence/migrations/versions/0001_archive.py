"""The archive: every move, what it left behind, and every submission."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the archive of moves."""
    op.execute("""
CREATE TABLE guilds (
    guild_id      bigint PRIMARY KEY,
    archived_rev  bigint NOT NULL DEFAULT 0,
    last_event_at timestamptz,
    last_request  text NOT NULL DEFAULT '',
    live_exact    boolean NOT NULL DEFAULT true,
    opened_at     timestamptz NOT NULL DEFAULT now()
)""")
    op.execute("COMMENT ON TABLE guilds IS 'One row a guild. archived_rev is the cursor in its event stream'")
    op.execute("COMMENT ON COLUMN guilds.live_exact IS 'false after a gap, until live was captured anew'")

    op.execute("""
CREATE TABLE events (
    guild_id bigint NOT NULL,
    rev      bigint NOT NULL,
    kind     text NOT NULL,
    at       timestamptz NOT NULL,
    by_id    bigint NOT NULL,
    by_name  text NOT NULL,
    song     bigint,
    request  text NOT NULL,
    data     jsonb NOT NULL,
    effects  jsonb NOT NULL,
    PRIMARY KEY (guild_id, rev)
)""")
    op.execute("CREATE INDEX events_song ON events (guild_id, song, rev) WHERE song IS NOT NULL")
    op.execute("COMMENT ON TABLE events IS 'Every move, exactly once, in order of revision'")

    op.execute("""
CREATE TABLE gaps (
    guild_id  bigint NOT NULL,
    first_rev bigint NOT NULL,
    last_rev  bigint NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('missing', 'forked')),
    found_at  timestamptz NOT NULL DEFAULT now(),
    entries   jsonb NOT NULL DEFAULT '[]',
    PRIMARY KEY (guild_id, first_rev, last_rev, kind, found_at)
)""")
    op.execute(
        "COMMENT ON TABLE gaps IS 'Revisions that never arrived (missing), and moves Redis made under "
        "revisions that were already archived (forked, kept in entries)'"
    )

    op.execute("""
CREATE TABLE live (
    guild_id bigint NOT NULL,
    name     text NOT NULL,
    type     text NOT NULL CHECK (type IN ('z', 'h', 's')),
    field    text NOT NULL,
    value    text NOT NULL,
    rev      bigint NOT NULL,
    PRIMARY KEY (guild_id, name, field)
) WITH (fillfactor = 80)""")
    op.execute(
        "COMMENT ON TABLE live IS 'What the Redis keys of a guild hold as of guilds.archived_rev. name: "
        "as after the guild in the key; type: sorted set, hash or string; field: empty for strings'"
    )

    op.execute("""
CREATE TABLE submissions (
    guild_id     bigint NOT NULL,
    number       bigint NOT NULL,
    user_id      bigint,
    user_name    text,
    title        text,
    artist       text,
    link         text,
    file         text,
    file_name    text,
    file_size    bigint,
    note         text,
    tier         text,
    state        text,
    track        text,
    submitted_at timestamptz,
    entered_at   timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz,
    by_id        bigint,
    by_name      text,
    at           timestamptz,
    reason       text,
    claimed      text,
    method       text,
    amount       text,
    extra        jsonb NOT NULL DEFAULT '{}',
    rev          bigint NOT NULL,
    PRIMARY KEY (guild_id, number)
) WITH (fillfactor = 80)""")
    op.execute("CREATE INDEX submissions_user ON submissions (guild_id, user_id, number DESC)")
    op.execute("CREATE INDEX submissions_state ON submissions (guild_id, state, ended_at DESC)")
    op.execute("CREATE INDEX submissions_track ON submissions (guild_id, track) WHERE track IS NOT NULL")
    op.execute(
        "COMMENT ON TABLE submissions IS 'Every submission as its song hash last stood in Redis; outlives "
        "it. extra: fields without a column'"
    )


def downgrade() -> None:
    """Drop the archive."""
    op.execute("DROP TABLE submissions, live, gaps, events, guilds")
