"""What the intake makes of events, and the ids by which they find their deals."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str, *, null: bool = False) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=null)

    for name in ("rule", "test", "read_at"):
        op.add_column("events", key(name, null=True))
    op.create_table(
        "deal_objects",
        key("id"),
        key("deal_id"),
        key("object"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_objects")),
    )
    op.create_index(op.f("ix_deal_objects_object"), "deal_objects", ["object"], unique=False)
    op.create_index(op.f("ix_deal_objects_deal_id"), "deal_objects", ["deal_id"], unique=False)


def downgrade() -> None:
    op.drop_table("deal_objects")
    for name in ("rule", "test", "read_at"):
        op.drop_column("events", name)
