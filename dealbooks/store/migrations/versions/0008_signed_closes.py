"""What was shown for signing, who signed it, and closed periods that were taken out of the lock."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=False)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    op.create_table(
        "signoffs",
        key("id"),
        key("book"),
        key("period"),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        key("state"),
        key("run"),
        text("body"),
        key("body_hash"),
        key("shown_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoffs")),
    )
    op.create_index(op.f("ix_signoffs_book_period"), "signoffs", ["book", "period"], unique=False)
    op.create_table(
        "signatures",
        key("id"),
        key("book"),
        key("signoff"),
        key("state"),
        text("name"),
        text("body"),
        key("body_hash"),
        key("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
    )
    op.create_index(op.f("ix_signatures_signoff"), "signatures", ["signoff"], unique=False)
    op.create_table(
        "reopenings",
        key("id"),
        key("book"),
        key("period"),
        key("state"),
        text("who"),
        text("approver"),
        text("reason"),
        key("at"),
        key("until"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reopenings")),
    )
    op.create_index(op.f("ix_reopenings_book_period"), "reopenings", ["book", "period"], unique=False)


def downgrade() -> None:
    for table in ("reopenings", "signatures", "signoffs"):
        op.drop_table(table)
