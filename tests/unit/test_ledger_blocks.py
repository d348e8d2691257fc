"""The Prefect blocks of ledgers over HTTP: the connection test asks a stand-in, the form is readable, secrets hide."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.ledgers.odoo.block import Odoo
from blocks.ledgers.odoo.settings import OdooSettings
from blocks.ledgers.quickbooks.block import QuickBooksOnline
from blocks.ledgers.xero.block import Xero
from dealbooks.book import Book
from dealbooks.charts import load_chart
from dealbooks.registry import Services
from dealbooks.store import Store
from dealbooks.store.schema import ensure
from sandbox.kit.sample import SampleAccount, SampleBooks
from sandbox.kit.server import serving

SECRET = "canary-secret-of-a-block"
BLOCKS: tuple[tuple[type[Block], str], ...] = (
    (QuickBooksOnline, "client_secret"), (Xero, "client_secret"), (Odoo, "api_key"),
)  # fmt: skip
XERO_OWN = {role: {"number": "820", "name": "Sales tax"} for role in ("tax.output", "tax.input")}


def book(platform: str) -> Book:
    chart = load_chart("uk", XERO_OWN if platform == "xero" else None)
    return Book("northgate", "NG", "GBP", "uk", chart=chart)


def stand_in(platform: str) -> tuple[Any, Any]:
    chart = book(platform).chart
    assert chart is not None
    accounts = [SampleAccount(role, one.number, one.name, one.type) for role, one in chart.roles.items()]
    made: tuple[Any, Any] = import_module(f"sandbox.{platform}.furnish").furnished(
        SampleBooks("Northgate", "GB", "GBP", accounts, ["Leeds"])
    )
    return made


@pytest.fixture
def services(tmp_path: Path) -> Services:
    store = Store(f"sqlite:///{tmp_path / 'store.db'}")
    ensure(store)
    return Services(store, tmp_path / "var")


@pytest.mark.parametrize(("block", "secret"), BLOCKS, ids=lambda one: getattr(one, "__name__", one))
def test_the_form_is_readable_and_the_secret_hides(block: type[Block], secret: str) -> None:
    schema = block.model_json_schema()
    assert schema["secret_fields"] == [secret]
    assert schema["properties"][secret]["format"] == "password"
    assert all(field["title"] and field["description"] for field in schema["properties"].values())
    made = block.model_validate({secret: SECRET})
    assert SECRET not in f"{made!r} {made} {made.model_dump()} {made.model_dump_json()}"
    assert getattr(made, secret) == SecretStr(SECRET)


def test_odoo_is_asked_whether_it_takes_the_key(services: Services) -> None:
    box, _ = stand_in("odoo")
    with serving(box) as address:
        given: dict[str, Any] = {"url": address, "database": "books", "user": "admin", "calls_per_second": 1000}
        good = Odoo(api_key=SecretStr(box.api_key), **given)
        assert good.check(book("odoo"), services) == []
        (said,) = Odoo(api_key=SecretStr(SECRET), **given).check(book("odoo"), services)
    assert "key" in said
    assert SECRET not in said


def test_xero_is_asked_whether_it_takes_the_secret(services: Services) -> None:
    box, found = stand_in("xero")
    with serving(box) as address:
        own = {name: f"{address}{path}" for name, path in found.addresses.items()}
        given: dict[str, Any] = {
            "client_id": "sandbox-custom", "grant": "secret", "base_url": own["base_url"],
            "more": {"token_url": own["token_url"]},
        }  # fmt: skip
        wrong = Xero(client_secret=SecretStr(SECRET), **given)
        (said,) = wrong.check(book("xero"), services)
        assert "client_id and client_secret" in said
        assert SECRET not in said
        good = Xero(client_secret=SecretStr("sandbox-secret"), **given)
        assert good.check(book("xero"), services) == []


def test_quickbooks_says_that_nobody_gave_consent(services: Services) -> None:
    block = QuickBooksOnline(realm_id="123", client_id="app", client_secret=SecretStr(SECRET))
    (said,) = block.check(book("quickbooks"), services)
    assert "dealbooks connect northgate" in said


@pytest.mark.parametrize(("block", "secret"), BLOCKS, ids=lambda one: getattr(one, "__name__", one))
def test_an_empty_block_says_what_is_missing(block: type[Block], secret: str) -> None:
    said: list[str] = block().check()  # type: ignore[attr-defined]
    assert len(said) == 1
    assert "(block)" in said[0]


def test_every_setting_of_odoo_goes_from_the_block_into_the_ledger() -> None:
    given: dict[str, Any] = {
        "url": "https://books.example.com", "database": "books", "user": "api", "api_key": SecretStr("key"),
        "company": "Leeds", "protocol": "xmlrpc", "mode": "B", "journals": {"sales": "S", "general": "G", "money": "M"},
        "taxes": {"GB-S": "20"}, "carry_up_to": "0.05", "marker_field": "x_key", "vin_field": "x_car",
        "partner_field": "x_party", "analytic": {"location": "Sites"}, "calls_per_second": 7, "settle_seconds": 1200,
        "page": 50,
    }  # fmt: skip
    assert set(given) == set(OdooSettings.model_fields)
    made = OdooSettings.model_validate(Odoo.model_validate(given).settings())
    assert made == OdooSettings.model_validate(given)
