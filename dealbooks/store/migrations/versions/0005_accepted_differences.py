"""Differences between our figures and the ledger's that a person accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=False)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    op.create_table(
        "acceptances",
        key("id"),
        key("book"),
        key("deal_id"),
        key("entry"),
        text("figures"),
        text("found"),
        text("who"),
        text("why"),
        key("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acceptances")),
    )
    op.create_index(op.f("ix_acceptances_book"), "acceptances", ["book"], unique=False)
    op.create_index(op.f("ix_acceptances_deal_id"), "acceptances", ["deal_id"], unique=False)


def downgrade() -> None:
    op.drop_table("acceptances")
