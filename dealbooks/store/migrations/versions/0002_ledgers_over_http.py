"""For ledgers over HTTP: the invoice's facts beside a sale's entry, what an effect makes for more than its own posting,
what was said to a ledger, tokens, and whether a book is live."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "exchanges",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("effect", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=200), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("method", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("seconds", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
    )
    op.create_index(op.f("ix_exchanges_effect"), "exchanges", ["effect"], unique=False)
    op.create_index(op.f("ix_exchanges_book_at"), "exchanges", ["book", "at"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("connection", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("renewed_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_tokens")),
    )
    op.create_table(
        "standings",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("book", sa.String(length=200), nullable=False),
        sa.Column("mode", sa.String(length=200), nullable=False),
        sa.Column("paused", sa.String(length=200), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standings")),
    )
    # Rows of before have neither; the defaults are taken away again, since every new row says its own.
    with op.batch_alter_table("entries") as batch:
        batch.add_column(sa.Column("facts", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("entries") as batch:
        batch.alter_column("facts", server_default=None, existing_type=sa.Text(), existing_nullable=False)
    with op.batch_alter_table("effects") as batch:
        batch.add_column(sa.Column("subject", sa.String(length=200), nullable=False, server_default=""))
    with op.batch_alter_table("effects") as batch:
        batch.alter_column("subject", server_default=None, existing_type=sa.String(length=200), existing_nullable=False)
    op.create_index(op.f("ix_effects_subject_book_state"), "effects", ["subject", "book", "state"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_effects_subject_book_state"), table_name="effects")
    with op.batch_alter_table("effects") as batch:
        batch.drop_column("subject")
    with op.batch_alter_table("entries") as batch:
        batch.drop_column("facts")
    op.drop_table("standings")
    op.drop_table("tokens")
    op.drop_table("exchanges")
