"""The ledger of Luxury Coins: every change of a wallet, as the moves tell of it."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the ledger, filled from the moves that are archived already."""
    op.execute("""
CREATE TABLE ledger (
    guild_id bigint NOT NULL,
    rev      bigint NOT NULL,
    place    integer NOT NULL,
    user_id  bigint NOT NULL,
    change   bigint NOT NULL,
    cause    text NOT NULL,
    balance  bigint NOT NULL CHECK (balance >= 0),
    at       timestamptz NOT NULL,
    PRIMARY KEY (guild_id, rev, place)
)""")
    op.execute("CREATE INDEX ledger_user ON ledger (guild_id, user_id, rev DESC, place DESC)")
    op.execute(
        "COMMENT ON TABLE ledger IS 'Changes of wallets. rev and place: the move and which of its changes; "
        "balance: what the account had after it'"
    )
    op.execute("""
INSERT INTO ledger (guild_id, rev, place, user_id, change, cause, balance, at)
SELECT guild_id, rev, place, (row->>0)::bigint, (row->>1)::numeric::bigint, row->>2,
       (row->>3)::numeric::bigint, at
FROM events, jsonb_array_elements(data->'wallet') WITH ORDINALITY AS rows (row, place)
WHERE jsonb_typeof(data->'wallet') = 'array'""")


def downgrade() -> None:
    """Drop the ledger; the moves still tell of every change."""
    op.execute("DROP TABLE ledger")
