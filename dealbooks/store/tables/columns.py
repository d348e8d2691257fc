"""The kinds of columns. Times are UTC in ISO text, JSON is canonical text, ids are ours."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def text(name: str, *, null: bool = False) -> Column[str]:
    """Words, or JSON, of any length."""
    return Column(name, Text, nullable=null)


def key(name: str, *, null: bool = False, primary: bool = False) -> Column[str]:
    """Something short that can be looked for."""
    return Column(name, String(200), nullable=null, primary_key=primary)


def number(name: str, *, null: bool = False, primary: bool = False) -> Column[int]:
    """A whole number."""
    return Column(name, Integer, nullable=null, primary_key=primary, autoincrement=False)
