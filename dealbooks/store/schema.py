"""Bring a store to the schema of this version, with Alembic; refuse one that is newer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import inspect, text

from dealbooks.errors import UsageError
from dealbooks.store.db import Store

MIGRATIONS = Path(__file__).parent / "migrations"
# The newest revision under migrations/versions; a test compares it with Alembic's own view.
HEAD = "0011"
_UPGRADE_LOCK = 0x6465616C  # any number that nobody else locks in this database


def revision(store: Store) -> str | None:
    """The schema revision that a store has; None for an empty one."""
    with store.read() as conn:
        if not inspect(conn).has_table("alembic_version"):
            return None
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()


def ensure(store: Store, *, upgrade_existing: bool = False) -> None:
    """Create the schema in an empty store; check it in one that is in use.

    Raises:
        UsageError: an existing store is of an older or newer version, unless `upgrade_existing` brings it up. Not an
            error that passes by itself: nothing tries again.
    """
    found = revision(store)
    if found == HEAD:
        return
    if found is None or upgrade_existing:
        upgrade(store)
        return
    raise UsageError(
        f"The store has schema {found}, this version of Dealbooks works with {HEAD}.",
        fix="Take a copy of the store, then run 'dealbooks doctor --upgrade-store' (or install the newer Dealbooks).",
    )


def upgrade(store: Store) -> None:
    """Run all migrations that are missing, in one transaction. Of two processes that do so at once one waits, and finds
    nothing missing."""
    from alembic import command

    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite has one writer at a time
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        command.upgrade(_config(connection), "head")


def _config(connection: Any) -> Any:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
