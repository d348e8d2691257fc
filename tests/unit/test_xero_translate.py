"""From a posting to Xero's write calls: what is sent, and what is refused before anything is."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from xero_support import Rig, postings_of

from blocks.ledgers.xero.bodies import body_of, number_of
from blocks.ledgers.xero.translate import contact_number
from blocks.ledgers.xero.wire import KEY_LENGTH, encoded, key_in
from dealbooks.errors import ConfigError
from dealbooks.ledger import Posting, Request

KEY = "0123456789abcdef0123"
REFS = {"customer": "Contacts/c-1", "invoice": "Invoices/i-1", "sale/invoice": "Invoices/i-1"}


def planned(rig: Rig, posting: Posting) -> dict[str, Any]:
    return {spec.name: spec for spec in rig.ledger.effects(posting)}


def request(spec: Any) -> Request:
    return Request(1, KEY, spec.name, spec.payload, REFS)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def of(name: str, entry_id: str) -> Posting:
    return next(posting for posting in postings_of(name) if posting.entry.entry_id == entry_id)


def test_a_margin_car_is_one_gross_line_and_everything_else_a_journal(rig: Rig) -> None:
    made = planned(rig, of("G10", "sale-v1"))
    assert list(made) == ["customer", "invoice", "journal", "settlement"]
    invoice = body_of(request(made["invoice"]))
    lines = [(one["AccountCode"], one["UnitAmount"], one["TaxType"], one["TaxAmount"]) for one in invoice["LineItems"]]
    assert lines == [
        ("4010", "10495.00", "TAX001", "0.00"),
        ("4105", "99.00", "TAX001", "0.00"),
        ("2140", "236.00", "EXEMPTOUTPUT", "0.00"),
        ("4115", "163.00", "EXEMPTOUTPUT", "0.00"),
        ("4030", "120.00", "OUTPUT2", "20.00"),
    ]
    assert invoice["LineAmountTypes"] == "Inclusive"
    assert invoice["Contact"] == {"ContactID": "c-1"}, "more would change the contact"
    journal = body_of(request(made["journal"]))
    assert sum(Decimal(line["LineAmount"]) for line in journal["JournalLines"]) == 0
    assert "1100" not in {line["AccountCode"] for line in journal["JournalLines"]}
    settlement = body_of(request(made["settlement"]))
    assert (settlement["Amount"], settlement["Account"]) == ("2400.00", {"Code": "1151"})
    assert settlement["Invoice"] == {"InvoiceID": "i-1"}


def test_our_key_stands_first_in_narration_and_reference_and_in_the_number(rig: Rig) -> None:
    made = planned(rig, of("G10", "sale-v1"))
    assert key_in(body_of(request(made["journal"]))["Narration"]) == KEY
    assert key_in(body_of(request(made["settlement"]))["Reference"]) == KEY
    invoice = request(made["invoice"])
    assert key_in(body_of(invoice)["Reference"]) == KEY
    assert number_of(invoice) == "UK-5002-1-012345"
    assert len(KEY) == KEY_LENGTH == rig.ledger.capabilities.key_length
    assert key_in("somebody wrote this by hand") == ""


def test_dimensions_are_tracked_and_what_has_no_place_is_written_out(rig: Rig) -> None:
    posting = of("G10", "sale-v1")
    journal = body_of(request(planned(rig, posting)["journal"]))
    for line, ours in zip(journal["JournalLines"], _journal_lines(posting), strict=True):
        marks = {mark["Name"]: mark["Option"] for mark in line["Tracking"]}
        assert marks == {"Site": ours["location"], "Department": ours["department"]}
        for name, value in ours.items():
            assert name in ("location", "department") or value in line["Description"], (name, line)


def _journal_lines(posting: Posting) -> list[dict[str, str]]:
    return [dict(line.dimensions) for line in posting.entry.lines if line.part != "invoice"]


def test_without_tracking_categories_no_dimension_is_lost(tmp_path: Path) -> None:
    rig = Rig(tmp_path, tracking={})
    posting = of("G10", "sale-v1")
    made = planned(rig, posting)
    for line, ours in zip(body_of(request(made["journal"]))["JournalLines"], _journal_lines(posting), strict=True):
        assert line["Tracking"] == []
        assert all(value in line["Description"] for value in ours.values())
    for item in body_of(request(made["invoice"]))["LineItems"]:
        assert "location LEEDS" in item["Description"]


@pytest.mark.parametrize(("location", "stock"), [("YORK", "UY2020"), ("Renault", "1"), ("E", "12"), ("us", "UL1050")])
def test_a_dimension_without_a_category_is_written_with_its_word_whatever_the_text_tells(
    tmp_path: Path, location: str, stock: str
) -> None:
    rig = Rig(tmp_path, tracking={})
    made = planned(rig, _at(of("G11", "sale-v1"), location, stock))
    items, lines = (body_of(request(made[name])) for name in ("invoice", "journal"))
    told = [str(line["Description"]) for line in (*items["LineItems"], *lines["JournalLines"])]
    ours = [line for line in of("G11", "sale-v1").entry.lines if line.part != "invoice"]
    assert all(f"location {location}" in re.split("[,;] ", text) for text in told)
    for text, line in zip(told[len(items["LineItems"]) :], ours, strict=True):
        assert (f"stock {stock}" in re.split("[,;] ", text)) is ("stock_no" in line.dimensions)
    assert told[0].count("stock UL1050") == 1, "what the text says with its word is not said again"


def _at(posting: Posting, location: str, stock: str) -> Posting:
    """A posting whose lines are of another place and car; those that name none stay so."""
    new = {"location": location, "stock_no": stock}
    lines = tuple(
        replace(line, dimensions={name: new.get(name, value) for name, value in line.dimensions.items()})
        for line in posting.entry.lines
    )
    return replace(posting, entry=replace(posting.entry, lines=lines))


def test_a_long_text_is_cut_and_not_what_stands_behind_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path, tracking={})
    sale, receipt = of("G10", "sale-v1"), of("G10", "receipt-P1")
    assert sale.invoice is not None
    lines = tuple(line._replace(description="x" * 5000) for line in sale.invoice.lines)
    invoice = planned(rig, replace(sale, invoice=replace(sale.invoice, lines=lines)))["invoice"]
    told = body_of(request(invoice))["LineItems"][0]["Description"]
    assert len(told) <= 4000
    assert "location LEEDS" in told
    (payment,) = rig.ledger.effects(replace(receipt, entry=replace(receipt.entry, note="y" * 300)))
    reference = body_of(request(payment))["Reference"]
    assert len(reference) == 255
    assert "location LEEDS, department used" in reference


def test_a_location_without_an_option_in_xero_is_refused_and_named(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.sandbox.hand.drop_option("Site", "LEEDS")
    with pytest.raises(ConfigError, match="no active option LEEDS"):
        rig.ledger.effects(of("G10", "sale-v1"))


def test_a_tax_code_that_xero_has_no_type_for_is_refused_and_named(tmp_path: Path) -> None:
    rig = Rig(tmp_path, tax_codes={"GB-S": "OUTPUT2"})
    with pytest.raises(ConfigError, match="GB-M") as caught:
        rig.ledger.effects(of("G10", "sale-v1"))
    for part in ("books.book.ledger.tax_codes", "deal UK-5002", "the book book"):
        assert part in caught.value.message
    assert "books.book.ledger.tax_codes: {GB-M: ...}" in caught.value.fix
    assert "ZERORATEDOUTPUT" in caught.value.fix
    with pytest.raises(ConfigError, match="no active tax rate OUTPUT9"):
        Rig(_folder(tmp_path), tax_codes={"GB-S": "OUTPUT9"}).ledger.effects(of("G10", "sale-v1"))


def _folder(path: Path) -> Path:
    folder = path / "other"
    folder.mkdir()
    return folder


def test_a_journal_keeps_off_accounts_that_xero_closes_to_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path, banks=("cash.bank", "cash.undeposited", "inventory.used_vehicle"))
    with pytest.raises(ConfigError, match=r"inventory\.used_vehicle .* takes no manual journals"):
        rig.ledger.effects(of("G10", "sale-v1"))


def test_an_account_that_xero_has_not_is_named_with_its_role(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.sandbox.hand.archive("Account", "4105")
    with pytest.raises(ConfigError, match=r"4105 .*income\.admin_fee"):
        rig.ledger.effects(of("G10", "sale-v1"))


def test_a_deposit_into_a_bank_account_is_a_bank_transaction_otherwise_a_journal(tmp_path: Path) -> None:
    posting = of("G09", "receipt-D1")
    bank = planned(Rig(tmp_path), posting)
    assert list(bank) == ["customer", "money-in"]
    assert body_of(request(bank["money-in"]))["Type"] == "RECEIVE"
    till = planned(Rig(_folder(tmp_path), banks=("cash.bank",)), posting)
    assert list(till) == ["money-in"]
    lines = body_of(request(till["money-in"]))["JournalLines"]
    assert [(line["AccountCode"], line["LineAmount"]) for line in lines] == [("1210", "1000.00"), ("2110", "-1000.00")]


def test_a_receipt_waits_for_the_invoice_of_its_sale(rig: Rig) -> None:
    posting = of("G10", "receipt-P1")
    (payment,) = rig.ledger.effects(posting)
    assert payment.needs == ((posting.sale, "invoice"),)


def test_a_reversal_is_a_credit_note_with_its_journal_and_its_allocation(rig: Rig) -> None:
    posting = of("G14", "reversal-v1")
    made = planned(rig, posting)
    assert list(made) == ["customer", "credit-note", "journal", "allocation"]
    note = body_of(request(made["credit-note"]))
    assert (note["Type"], note["Date"]) == ("ACCRECCREDIT", "2026-03-04")
    assert made["allocation"].needs == ((posting.sale, "invoice"),)


def test_amounts_are_written_as_numbers_without_float() -> None:
    body = {"Amount": "18500.10", "Reference": "1.10", "LineItems": [{"UnitAmount": "-0.30", "Description": "0.10"}]}
    expected = b'{"Amount":18500.10,"Reference":"1.10","LineItems":[{"UnitAmount":-0.30,"Description":"0.10"}]}'
    assert encoded(body) == expected


def test_a_party_id_too_long_for_xero_is_hashed() -> None:
    assert contact_number("C-1") == "C-1"
    assert len(contact_number("x" * 60)) == 40
    assert contact_number("x" * 60) != contact_number("x" * 61)
