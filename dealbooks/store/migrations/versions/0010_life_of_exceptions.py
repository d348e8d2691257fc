"""The life of exceptions over the runs of a reconciliation."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=False)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    op.create_table(
        "exceptions",
        *(key(name) for name in ("id", "book", "finding")),
        text("subject"),
        *(key(name) for name in ("code", "period")),
        text("body"),
        *(key(name) for name in ("body_hash", "mark", "state")),
        *(text(name) for name in ("who", "why")),
        key("first_seen"),
        sa.Column("first_run", sa.Integer(), nullable=False, autoincrement=False),
        *(key(name) for name in ("raised_at", "last_seen", "gone_at", "back_at")),
        text("gone_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exceptions")),
    )
    op.create_index(op.f("ix_exceptions_book_state"), "exceptions", ["book", "state"])


def downgrade() -> None:
    op.drop_table("exceptions")
