"""Lists that others give for a month: stock, statements, floorplan, payroll, factory."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=False)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    op.create_table(
        "outside_lists",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        *(key(name) for name in ("book", "kind", "period")),
        text("file"),
        key("sha256"),
        sa.Column("row_count", sa.Integer(), nullable=False, autoincrement=False),
        text("body"),
        *(key(name) for name in ("body_hash", "state", "imported_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outside_lists")),
    )
    op.create_index(op.f("ix_outside_lists_book_period"), "outside_lists", ["book", "period"])


def downgrade() -> None:
    op.drop_table("outside_lists")
