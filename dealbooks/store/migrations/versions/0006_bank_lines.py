"""Statements of banks and payment providers, their lines, and what a person has said of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    def key(name: str, *, null: bool = False) -> sa.Column[str]:
        return sa.Column(name, sa.String(length=200), nullable=null)

    def text(name: str) -> sa.Column[str]:
        return sa.Column(name, sa.Text(), nullable=False)

    def number(name: str) -> sa.Column[int]:
        return sa.Column(name, sa.Integer(), nullable=False, autoincrement=False)

    op.create_table(
        "bank_statements",
        number("id"),
        *(key(name) for name in ("book", "account", "statement", "format")),
        text("file"),
        *(key(name) for name in ("sha256", "currency", "first_day", "last_day", "opening", "closing")),
        number("line_count"),
        key("state"),
        text("note"),
        key("imported_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statements")),
    )
    op.create_index(
        op.f("ix_bank_statements_book_account_last_day"), "bank_statements", ["book", "account", "last_day"]
    )
    op.create_index(op.f("ix_bank_statements_sha256"), "bank_statements", ["sha256"])
    op.create_table(
        "bank_lines",
        *(key(name) for name in ("id", "book", "account")),
        number("statement"),
        number("seq"),
        *(key(name) for name in ("booked", "amount", "currency", "kind")),
        text("body"),
        *(key(name) for name in ("body_hash", "state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_lines")),
    )
    op.create_index(op.f("ix_bank_lines_book_booked"), "bank_lines", ["book", "booked"])
    op.create_index(op.f("ix_bank_lines_account_booked"), "bank_lines", ["account", "booked"])
    op.create_table(
        "bank_links",
        *(key(name) for name in ("id", "book", "line", "item")),
        text("who"),
        text("why"),
        *(key(name) for name in ("state", "at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_links")),
    )
    op.create_index(op.f("ix_bank_links_book"), "bank_links", ["book"])


def downgrade() -> None:
    for name in ("bank_links", "bank_lines", "bank_statements"):
        op.drop_table(name)
