"""The Prefect block of a QuickBooks company: what it hands over, what it says is wrong, what it never shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from quickbooks_support import Kept, connect

from blocks.ledgers.quickbooks import QuickBooksLedger, build
from blocks.ledgers.quickbooks.block import QuickBooksOnline
from dealbooks.errors import ConfigError
from dealbooks.registry import Services
from dealbooks.store import Store
from dealbooks.store.schema import ensure


def company() -> QuickBooksOnline:
    return QuickBooksOnline(
        realm_id="123", client_id="app", client_secret=SecretStr("hunter2"), items={"income.doc_fee": "Doc fee"},
        more={"settle_seconds": 600},
    )  # fmt: skip


@pytest.fixture
def books(tmp_path: Path) -> Kept:
    return connect(tmp_path, "uk")


def test_only_what_was_set_is_handed_over_the_secret_in_clear() -> None:
    assert company().settings() == {
        "realm_id": "123",
        "client_id": "app",
        "client_secret": "hunter2",
        "items": {"income.doc_fee": "Doc fee"},
        "settle_seconds": 600,
    }
    assert QuickBooksOnline().settings() == {}


def test_the_secret_is_shown_nowhere() -> None:
    block = company()
    assert "hunter2" not in f"{block!r} {block} {block.model_dump_json()} {block.model_dump()}"


def test_it_builds_the_ledger_where_tokens_can_be_kept(books: Kept, tmp_path: Path) -> None:
    built = company().build(books.book, services=Services(books.store, tmp_path))
    assert isinstance(built, QuickBooksLedger)
    assert built.capabilities.settle_seconds == 600
    with pytest.raises(ConfigError, match="no store"):
        build(books.book, company().settings())


def test_what_is_wrong_is_said_in_words(books: Kept, tmp_path: Path) -> None:
    assert company().check() == []
    assert "which QuickBooks company" in QuickBooksOnline().check()[0]
    store = Store(f"sqlite:///{tmp_path / 'other.db'}", clock=books.clock)
    ensure(store)
    (said,) = company().check(books.book, Services(store, tmp_path / "other"))
    assert said == "northgate is not connected. Connect it: dealbooks connect northgate"
    store.close()
