"""The schema is migrated once a process; what a test needs is a copy of it, byte for byte.

`tests/pipeline/test_schema.py` runs the migrations themselves.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, text

from dealbooks.store import Store
from dealbooks.store.schema import ensure, revision

_NUMBERS = itertools.count(1)


def copying(real: Callable[[Store], None], template: Path) -> Callable[[Store], None]:
    """An upgrade of stores that copies a migrated one into an empty SQLite file, and leaves every other to `real`."""

    def upgrade(store: Store) -> None:
        if store.engine.dialect.name != "sqlite" or revision(store) is not None:
            real(store)
            return
        made = template.exists()
        source = Store(f"sqlite:///{template}")
        if not made:
            real(source)
        origin, target = source.engine.raw_connection(), store.engine.raw_connection()
        origin.driver_connection.backup(target.driver_connection)  # type: ignore[union-attr]
        target.close()
        origin.close()
        source.close()

    return upgrade


def database(server: str, *, empty: bool = False) -> str:
    """The URL of a new database on a PostgreSQL server: migrated, or empty."""
    name = f"t{os.getpid()}_{next(_NUMBERS)}"
    return _create(server, name, "" if empty else f" TEMPLATE {_migrated(server)}")


@cache
def _migrated(server: str) -> str:
    name = f"migrated_{os.getpid()}"
    store = Store(_create(server, name))
    ensure(store)
    store.close()
    return name


def _create(server: str, name: str, how: str = "") -> str:
    engine = create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"CREATE DATABASE {name}{how}"))
    engine.dispose()
    return str(engine.url.set(drivername="postgresql", database=name).render_as_string(hide_password=False))
