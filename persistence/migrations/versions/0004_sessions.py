"""Lives on TikTok: what each came to, and what each viewer did."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of sessions and of their viewers."""
    op.execute("""
CREATE TABLE live_sessions (
    guild_id     bigint NOT NULL,
    session      bigint NOT NULL,
    host         text NOT NULL,
    host_id      bigint NOT NULL,
    rooms        jsonb NOT NULL,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz NOT NULL,
    likes        bigint NOT NULL,
    likes_seen   bigint NOT NULL,
    comments     bigint NOT NULL,
    shares       bigint NOT NULL,
    follows      bigint NOT NULL,
    subscribes   bigint NOT NULL,
    gifts        bigint NOT NULL,
    coins        bigint NOT NULL,
    joins        bigint NOT NULL,
    viewers_peak bigint NOT NULL,
    viewer_ms    bigint NOT NULL,
    watched_ms   bigint NOT NULL,
    gaps         jsonb NOT NULL,
    skipped      bigint NOT NULL,
    curve        jsonb NOT NULL,
    PRIMARY KEY (guild_id, session)
)""")
    op.execute(
        "COMMENT ON COLUMN live_sessions.likes IS 'of the whole room, as TikTok counts them; likes_seen: "
        "those that came with a name'"
    )
    op.execute(
        "COMMENT ON COLUMN live_sessions.viewer_ms IS 'viewers times milliseconds over watched_ms, the time "
        "in which their number was known'"
    )
    op.execute("COMMENT ON COLUMN live_sessions.curve IS 'a list of [minute, viewers, coins]'")
    op.execute("COMMENT ON COLUMN live_sessions.gaps IS 'a list of [from ms, to ms, why]: nothing was heard'")
    op.execute("CREATE INDEX live_sessions_started ON live_sessions (guild_id, started_at)")
    op.execute("""
CREATE TABLE session_viewers (
    guild_id   bigint NOT NULL,
    session    bigint NOT NULL,
    handle_id  bigint NOT NULL,
    name       text NOT NULL,
    user_id    bigint,
    likes      bigint NOT NULL,
    comments   bigint NOT NULL,
    shares     bigint NOT NULL,
    follows    bigint NOT NULL,
    subscribes bigint NOT NULL,
    gifts      bigint NOT NULL,
    coins      bigint NOT NULL,
    points     bigint NOT NULL,
    active_ms  bigint NOT NULL,
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (guild_id, session, handle_id),
    FOREIGN KEY (guild_id, session) REFERENCES live_sessions ON DELETE CASCADE
)""")
    op.execute("CREATE INDEX session_viewers_handle ON session_viewers (guild_id, handle_id)")
    op.execute("CREATE INDEX session_viewers_user ON session_viewers (guild_id, user_id)")
    op.execute(
        "COMMENT ON COLUMN session_viewers.user_id IS 'the account the handle was linked to at the end'"
    )


def downgrade() -> None:
    """Drop both; what they held stays in the events."""
    op.execute("DROP TABLE session_viewers")
    op.execute("DROP TABLE live_sessions")
