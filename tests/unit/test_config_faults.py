"""What is wrong in dealbooks.yaml, or with the store that it names, is said with the file and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from cli_support import make_cli

from dealbooks.config import load_config
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from dealbooks.yamlfile import read_yaml

SECOND = """books:
  second: {{legal_entity: {entity}, name: Second, regime: uk, currency: GBP, timezone: Europe/London, chart: uk,
    rules: uk, ledger: {{platform: beancount, path: {path}}}, locations: {{HULL: {{}}}}}}
"""


def two_books(folder: Path, entity: str, path: str) -> Path:
    return make_cli(folder, changes=[("\nbooks:\n", "\n" + SECOND.format(entity=entity, path=path))]).config


def refused(file: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert str(file) in caught.value.message
    assert caught.value.fix
    return caught.value


def test_a_date_that_is_no_day_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "dealbooks.yaml"
    file.write_text("store: x\npost_from: 2026-13-01\n", encoding="utf-8")
    assert "line 2 cannot be read: 2026-13-01 is no day of the calendar" in refused(file).message


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "dealbooks.yaml"
    file.write_bytes("name: Müller\n".encode("cp1252"))
    error = refused(file)
    assert "is not UTF-8" in error.message
    assert "Save it again" in error.fix


def test_a_key_that_stands_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    file = tmp_path / "dealbooks.yaml"
    file.write_text("books:\n  a: {x: 1}\n  a: {x: 2}\n", encoding="utf-8")
    assert "line 3 cannot be read: the key a stands here and in line 2" in refused(file).message


def test_merged_keys_are_not_twice(tmp_path: Path) -> None:
    file = tmp_path / "any.yaml"
    file.write_text("base: &b {x: 1, day: 2026-01-31}\nown: {<<: *b, x: 2}\nagain: *b\n", encoding="utf-8")
    assert read_yaml(file)["own"]["x"] == 2


@pytest.mark.parametrize(
    ("entity", "path", "said"),
    [
        ("''", "var/books/second", "legal_entity: it is empty"),
        ("OTHER-LTD", "var/../var/books/northgate", "have the same ledger (beancount"),
        ("NORTHGATE-MOTORS-LTD", "var/books/second", "have the same legal_entity 'NORTHGATE-MOTORS-LTD'"),
    ],
)
def test_books_that_would_be_taken_for_each_other_are_refused(
    tmp_path: Path, entity: str, path: str, said: str
) -> None:
    message = refused(two_books(tmp_path / "house", entity, path)).message
    assert said in message
    assert "books.second" in message


def test_two_books_apart_are_taken(tmp_path: Path) -> None:
    assert set(load_config(two_books(tmp_path / "house", "OTHER-LTD", "var/books/second")).books) == {
        "northgate", "second",
    }  # fmt: skip


def test_a_store_that_is_no_database_stops_with_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(b"This is a letter, not a database. " * 200)
    with pytest.raises(StopConnection, match=r"store\.db is no database, or it is damaged") as caught:
        ensure(Store(f"sqlite:///{file}"))
    assert "put its last copy back" in caught.value.fix


def test_a_store_folder_that_cannot_be_made_stops_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file", encoding="utf-8")
    store = Store(f"sqlite:///{tmp_path / 'var' / 'deeper' / 'store.db'}")
    with pytest.raises(ConfigError, match=r"store\.db cannot be made") as caught:
        ensure(store)
    assert "name another place" in caught.value.fix


def test_a_store_is_made_only_when_it_is_used(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'new' / 'store.db'}")
    assert not (tmp_path / "new").exists()
    ensure(store)
    assert (tmp_path / "new" / "store.db").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("ledger", "source", "refuses"),
    [("xero", "hubspot", True), ("beancount", "hubspot", False), ("xero", "csv_files", False)],
)
def test_a_book_and_a_source_that_would_share_an_authorisation_have_two_names(
    tmp_path: Path, ledger: str, source: str, refuses: bool
) -> None:
    settings = yaml.safe_load(make_cli(tmp_path).config.read_text(encoding="utf-8"))
    settings["books"]["northgate"]["ledger"] = {"platform": ledger, "path": "books/northgate"}
    settings["sources"] = {"northgate": {"platform": source, "path": "inbox", "books": {"LEEDS": "northgate"}}}
    settings["books"]["northgate"].pop("source_of_record", None)
    file = tmp_path / "dealbooks.yaml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    if refuses:
        assert "books.northgate and sources.northgate have the same name" in refused(file).message
    else:
        assert "northgate" in load_config(file).sources
