"""What reviewers keep of a submission: score, note, bookmark."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give scores, notes and bookmarks columns of their own."""
    op.execute("""
ALTER TABLE submissions
    ADD COLUMN score         bigint,
    ADD COLUMN review_note   text,
    ADD COLUMN reviewer_id   bigint,
    ADD COLUMN reviewer_name text,
    ADD COLUMN reviewed_at   timestamptz,
    ADD COLUMN bookmarked_at timestamptz,
    ADD COLUMN bookmarked_by bigint""")
    op.execute("COMMENT ON COLUMN submissions.score IS '0 to 10, what the reviewers gave it'")
    # What an earlier version had put aside for want of a column.
    op.execute("""
UPDATE submissions SET
    score = CASE WHEN extra->>'score' ~ '^[0-9]{1,2}$' THEN (extra->>'score')::bigint END,
    review_note = extra->>'review_note',
    reviewer_name = extra->>'reviewer_name'
WHERE extra ? 'score' OR extra ? 'review_note'""")
    op.execute("CREATE INDEX submissions_score ON submissions (guild_id, score) WHERE score IS NOT NULL")


def downgrade() -> None:
    """Drop the columns; what they held stays in the events."""
    op.execute("""
ALTER TABLE submissions
    DROP COLUMN score, DROP COLUMN review_note, DROP COLUMN reviewer_id, DROP COLUMN reviewer_name,
    DROP COLUMN reviewed_at, DROP COLUMN bookmarked_at, DROP COLUMN bookmarked_by""")
