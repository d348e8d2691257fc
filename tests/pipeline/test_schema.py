"""The schema: what the migrations make is what the tables say, and the newest revision is the one we name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Integer, text

from dealbooks.canonical import sha256_hex
from dealbooks.errors import UsageError
from dealbooks.store import Store
from dealbooks.store.audit import verify
from dealbooks.store.schema import HEAD, MIGRATIONS, _config, ensure, revision, upgrade
from dealbooks.store.tables import CONTENT, COVERED, exceptions, metadata

ROOT = Path(__file__).parents[2]


def test_the_named_head_is_that_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrated_tables_are_those_of_the_code(empty_store_url: str) -> None:
    store = Store(empty_store_url)
    upgrade(store)
    with store.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert revision(store) == HEAD
    store.close()


def test_a_store_in_use_is_checked_not_changed(store: Store) -> None:
    with store.transaction("test", "older") as tx:
        tx.conn.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(UsageError, match="has schema 0000, this version of Dealbooks works with"):
        ensure(store)
    assert revision(store) == "0000"


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    upgrade(store)
    ensure(store)
    assert revision(store) == HEAD


def test_an_older_store_is_carried_upwards(empty_store_url: str) -> None:
    store = Store(empty_store_url)
    with store.engine.begin() as connection:
        command.upgrade(_config(connection), "0009")
    row = {column.name: column.name for column in metadata.tables["drift"].columns} | {
        "book": "northgate",
        "body_hash": sha256_hex("{}"),
    }
    with store.transaction("test", "an older version found this") as tx:
        tx.insert("drift", [row | {"body": "{}"}])
    assert revision(store) == "0009"
    ensure(store, upgrade_existing=True)
    assert revision(store) == HEAD
    with store.transaction("test", "a new table is used") as tx:
        made = {column.name: 1 if isinstance(column.type, Integer) else column.name for column in exceptions.columns}
        tx.insert("exceptions", [made | {"book": "northgate", "body": "{}", "body_hash": sha256_hex("{}")}])
    found = verify(store)
    assert (found.intact, found.rows) == (True, 2)
    store.close()


def test_what_the_chain_covers_is_there() -> None:
    for table, columns in COVERED.items():
        assert set(columns) <= set(metadata.tables[table].c.keys())
    for table, (column, hashed) in CONTENT.items():
        assert {column, hashed} <= set(metadata.tables[table].c.keys())
        assert hashed in COVERED[table]


@pytest.mark.parametrize(
    "empty_store_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_two_processes_may_make_the_schema_at_once(empty_store_url: str) -> None:
    script = (
        "import sys; from dealbooks.store import Store; from dealbooks.store.schema import ensure;"
        "ensure(Store(sys.argv[1]))"
    )
    command = [sys.executable, "-c", script, empty_store_url]
    started = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    said = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    made = Store(empty_store_url)
    assert revision(made) == HEAD
    made.close()
