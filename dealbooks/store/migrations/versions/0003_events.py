"""What the gateway was told about deals."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str, *, null: bool = False) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=null)

    def words(name: str, *, null: bool = False) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=null)

    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        key("hook"),
        key("scheme"),
        key("source"),
        key("kind"),
        key("dedupe_key"),
        words("deal_ref"),
        words("object_ids"),
        words("text"),
        key("amount"),
        key("currency"),
        key("occurred_at"),
        words("body", null=True),
        key("body_hash"),
        key("state"),
        key("deal_id", null=True),
        words("note"),
        key("received_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("hook", "dedupe_key", name=op.f("uq_events_hook_dedupe_key")),
    )
    op.create_index(op.f("ix_events_state"), "events", ["state"], unique=False)
    op.create_index(op.f("ix_events_deal_id"), "events", ["deal_id"], unique=False)


def downgrade() -> None:
    op.drop_table("events")
