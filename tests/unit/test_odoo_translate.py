"""From postings to the calls that carry them into Odoo: taxes, prices, dimensions, and what waits for what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from odoo_support import Office, closing, drain, office, postings, put

from blocks.ledgers.odoo.factory import settings_of
from dealbooks.documents import TaxDiffers
from dealbooks.errors import ConfigError
from dealbooks.ledger import EffectSpec


def specs(place: Office, name: str, entry: str) -> dict[str, EffectSpec]:
    (posting,) = [one for one in postings(name) if one.entry.entry_id == entry]
    return {spec.name: spec for spec in place.ledger.effects(posting)}


def invoice_lines(found: Mapping[str, EffectSpec], name: str = "invoice-draft") -> list[dict[str, Any]]:
    return [line for _, _, line in found[name].payload["values"]["invoice_line_ids"]]


def test_a_sale_is_a_contact_an_invoice_and_a_journal_each_a_draft_and_its_post() -> None:
    found = specs(office(), "G10", "sale-v1")
    assert {name: spec.depends_on for name, spec in found.items()} == {
        "customer": (),
        "invoice-draft": ("customer",),
        "invoice-post": ("invoice-draft", "customer"),
        "journal-draft": ("customer",),
        "journal-post": ("journal-draft",),
        "match": ("invoice-post", "journal-post"),
    }


def test_prices_hold_the_tax_where_odoos_tax_is_in_the_price() -> None:
    lines = invoice_lines(specs(office(), "G10", "sale-v1"))
    kit = next(line for line in lines if "kit" in line["name"].lower())
    car = next(line for line in lines if "VIN" in line["name"])
    assert (kit["price_unit"], len(kit["tax_ids"][0][2])) == ("120.00", 1)
    assert (car["price_unit"], car["tax_ids"]) == ("10495.00", [[6, 0, []]])


def test_prices_are_without_tax_where_odoo_puts_it_on_top(tmp_path: Path) -> None:
    taxes = {"GB-S": "VAT 20% on top", "GB-M": "", "GB-E": ""}
    place = office(taxes=taxes)
    kit = next(line for line in invoice_lines(specs(place, "G10", "sale-v1")) if "kit" in line["name"].lower())
    assert kit["price_unit"] == "100.00"
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    assert drain(store, place.ledger).clean
    assert place.balances() == closing("G10", place.book)


def test_taxes_of_both_kinds_on_one_invoice_are_a_configuration_error() -> None:
    place = office(taxes={"GB-S": "VAT 20% on top", "GB-R": "VAT 20% in", "GB-M": "", "GB-E": ""})
    with pytest.raises(ConfigError, match="included in the price"):
        specs(place, "G10", "sale-v1")


def test_a_tax_may_be_named_by_its_percentage_where_there_is_one_of_it() -> None:
    place = office(taxes={"GB-S": "5%", "GB-M": "", "GB-E": ""})
    with pytest.raises(TaxDiffers):  # 5% is Odoo's own; it was found, and it is not our 20%
        specs(place, "G10", "sale-v1")


def test_an_unmapped_tax_code_is_told_with_the_book_and_the_setting() -> None:
    with pytest.raises(ConfigError, match="no tax for GB-E, which the book book needs") as caught:
        specs(office(taxes={"GB-S": "VAT 20% in", "GB-M": ""}), "G10", "sale-v1")
    assert "books.book.ledger.taxes: {GB-E: ...}" in caught.value.fix
    assert "VAT 20% on top" in caught.value.fix


def test_the_same_posting_is_the_same_calls_for_another_process() -> None:
    place = office()
    first = [place.ledger.effects(one) for one in postings("G14")]
    place.reconnect()
    assert [place.ledger.effects(one) for one in postings("G14")] == first


def test_sales_taxes_on_top_are_lines_on_their_own_account_without_a_tax() -> None:
    lines = invoice_lines(specs(office("us", "USD"), "G08", "sale-v1"))
    assert all(line["tax_ids"] == [[6, 0, []]] for line in lines)
    assert any(line["name"].startswith("Tax ") for line in lines)


def test_a_reversal_is_a_credit_note_that_names_the_invoice_and_a_mirrored_journal() -> None:
    place = office("us", "USD")
    (sale,) = [one for one in postings("G08") if one.entry.event == "sale.posted"]
    found = specs(place, "G08", "unwind-v1")
    note = found["credit-note-draft"]
    assert note.payload["values"]["move_type"] == "out_refund"
    assert note.needs == ((sale.key, "invoice-post"),)
    assert note.payload["values"]["date"] == "2026-04-06"
    charged = [line["price_unit"] for line in invoice_lines(specs(place, "G08", "sale-v1"))]
    assert [line["price_unit"] for line in invoice_lines(found, "credit-note-draft")] == charged


def test_three_decimals_stay_three() -> None:
    found = specs(office("gulf", "KWD"), "G22", "sale-v1")
    assert all(line["price_unit"].rpartition(".")[2].__len__() == 3 for line in invoice_lines(found))


def test_journals_alone_carry_everything_where_that_is_chosen(tmp_path: Path) -> None:
    place = office(mode="D")
    assert set(specs(place, "G10", "sale-v1")) == {"customer", "journal-draft", "journal-post", "match"}
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    assert drain(store, place.ledger).clean
    assert place.balances() == closing("G10", place.book)


def test_a_deal_in_a_foreign_currency_is_carried_by_journals_in_both_currencies(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G24"))
    assert drain(store, place.ledger).clean
    assert place.balances() == closing("G24", place.book)
    dollars = place.box.find("account.move.line", ["currency_id", "=", 1])
    assert sum(place.box.look("account.move.line", one, "amount_currency")["amount_currency"] for one in dollars) == 0


def test_settlements_stand_on_the_invoice_where_that_is_chosen(tmp_path: Path) -> None:
    place = office(mode="B")
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    assert drain(store, place.ledger).clean
    (invoice,) = place.documents(kind="out_invoice")
    assert (invoice["amount_total"], invoice["amount_residual"]) == (Decimal("8713.00"), 0)
    assert place.balances() == closing("G10", place.book)


def analytic_office() -> Office:
    place = office(analytic={"location": "Locations", "department": "Departments", "stock_no": "Stock"})
    plans = {name: place.box.add("account.analytic.plan", name=name) for name in ("Locations", "Stock")}
    plans["Departments"] = place.box.find("account.analytic.plan", ["name", "=", "Departments"])[0]
    lines = [line for posting in postings("G10") for line in posting.entry.lines]
    for name, plan in (("location", "Locations"), ("department", "Departments")):
        for value in {line.dimensions[name] for line in lines if name in line.dimensions}:
            place.box.add("account.analytic.account", name=value, code=value, plan_id=plans[plan])
    return place


def test_dimensions_stand_on_analytic_accounts_and_a_stock_number_has_one_made_once(tmp_path: Path) -> None:
    place = analytic_office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    assert drain(store, place.ledger).clean
    (plan,) = place.box.find("account.analytic.plan", ["name", "=", "Stock"])
    held = [
        place.box.look("account.analytic.account", one, "code")["code"]
        for one in place.box.find("account.analytic.account", ["plan_id", "=", plan])
    ]
    assert len(held) == len(set(held)) > 0
    (invoice,) = place.documents(kind="out_invoice")
    product = place.box.find("account.move.line", ["move_id", "=", invoice["id"]], ["display_type", "=", "product"])
    spread = [place.box.look("account.move.line", one, "analytic_distribution") for one in product]
    assert all(one["analytic_distribution"] for one in spread)


def test_a_location_without_an_analytic_account_is_told() -> None:
    place = analytic_office()
    (there,) = place.box.find(
        "account.analytic.account", ["code", "=", postings("G10")[0].entry.lines[0].dimensions["location"]]
    )
    place.box.hand.delete("account.analytic.account", there)
    with pytest.raises(ConfigError, match="no analytic account for the location"):
        specs(place, "G10", "sale-v1")


def named(place: Office, location: str, stock_no: str) -> list[str]:
    """Texts of all lines of a sale at a location, with a stock number."""
    posting = next(one for one in postings("G11") if one.entry.event == "sale.posted")
    new = {"location": location, "stock_no": stock_no}
    lines = tuple(
        replace(line, dimensions=line.dimensions | {name: new[name] for name in line.dimensions if name in new})
        for line in posting.entry.lines
    )
    some = place.ledger.effects(replace(posting, entry=replace(posting.entry, lines=lines)))
    values = [spec.payload["values"] for spec in some if spec.payload["do"] == "draft"]
    return [line["name"] for one in values for _, _, line in one.get("invoice_line_ids") or one["line_ids"]]


@pytest.mark.parametrize(("location", "stock_no"), [("Vehicle", "VIN"), ("VIN", "1"), ("E", "stock"), ("YORK", "U1")])
def test_a_dimension_is_written_with_its_word_whatever_the_text_tells(location: str, stock_no: str) -> None:
    texts = named(office(), location, stock_no)
    assert [text for text in texts if not re.search(rf"\blocation {location}\b", text)] == []
    assert any(re.search(rf"\bstock {stock_no}\b", text) for text in texts)


def test_a_dimension_that_the_text_tells_with_its_word_is_not_told_twice() -> None:
    (car, *_) = [text for text in named(office(), "YORK", "UL1050") if "VIN" in text]
    assert car.count("stock UL1050") == 1
    (car, *_) = [text for text in named(office(), "YORK", "UL10") if "VIN" in text]
    assert "stock UL1050" in car
    assert car.endswith("stock UL10")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"colour": "red"}, "colour"),
        ({"mode": "C"}, "mode"),
        ({"database": " "}, "no database"),
        ({"api_key": ""}, "no api_key"),
        ({"api_key": "  "}, "no api_key"),
        ({"database": "", "api_key": ""}, "no database and no api_key"),
        ({"url": ""}, "ledger.url is not the address"),
        ({"url": "books.example.com"}, "ledger.url is not the address"),
        ({"url": "ftp://books.example.com"}, "ledger.url is not the address"),
        ({"url": "https://"}, "ledger.url is not the address"),
        ({"url": "http://[a"}, "ledger.url is not the address"),
    ],
)
def test_a_setting_that_is_wrong_is_named(given: dict[str, Any], said: str) -> None:
    right = {"url": "https://books.example.com", "database": "books", "api_key": "key"}
    with pytest.raises(ConfigError, match=said) as caught:
        settings_of("northgate", right | given)
    assert "northgate" in caught.value.message
    assert caught.value.fix
