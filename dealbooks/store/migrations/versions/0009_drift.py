"""What the drift watch found in a ledger between closes; a document's calls by its reference."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=False)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    op.create_table(
        "drift",
        *(key(name) for name in ("id", "book", "finding")),
        text("subject"),
        *(key(name) for name in ("code", "period")),
        text("body"),
        *(key(name) for name in ("body_hash", "mark", "state")),
        *(text(name) for name in ("who", "why")),
        *(key(name) for name in ("first_seen", "raised_at", "last_seen", "gone_at", "told")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drift")),
    )
    op.create_index(op.f("ix_drift_book_state"), "drift", ["book", "state"])
    op.create_index(op.f("ix_effects_book_ref"), "effects", ["book", "ref"])


def downgrade() -> None:
    op.drop_index(op.f("ix_effects_book_ref"), "effects")
    op.drop_table("drift")
