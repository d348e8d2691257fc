"""Golden cases into the Odoo sandbox through the real outbox: everything stands once, and the books are ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from odoo_support import closing, drain, office, postings, put

CASES = {
    "G09": ("uk", "GBP"), "G10": ("uk", "GBP"), "G13": ("uk", "GBP"), "G14": ("uk", "GBP"), "G08": ("us", "USD"),
    "G22": ("gulf", "KWD"), "G18": ("eu", "EUR"),
}  # fmt: skip
WIRES = {"JSON-2 of 19": (19, "auto"), "JSON-RPC of 17": (17, "auto")}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("name", CASES)
def test_a_case_stands_in_odoo_as_its_closing_balances_say(name: str, wire: str, tmp_path: Path) -> None:
    region, currency = CASES[name]
    version, protocol = WIRES[wire]
    place = office(region, currency, version=version, protocol=protocol)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings(name))

    result = drain(store, place.ledger)

    assert set(result.by_state) == {"posted"}
    assert result.clean
    assert place.balances() == closing(name, place.book)
    written = len(place.box.log.writes)
    again = drain(store, place.reconnect())
    assert (again.posted, len(place.box.log.writes)) == (0, written)


@pytest.mark.parametrize(("version", "protocol"), [(16, "auto"), (16, "xmlrpc"), (17, "xmlrpc"), (18, "auto")])
def test_other_versions_and_the_oldest_protocol_carry_a_sale_and_its_reversal(
    version: int, protocol: str, tmp_path: Path
) -> None:
    place = office(version=version, protocol=protocol)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G14"))
    assert drain(store, place.ledger).clean
    assert place.balances() == closing("G14", place.book)


def test_an_amended_sale_ends_with_its_credit_note_matched_and_the_payment_on_the_new_invoice(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G14"))
    drain(store, place.ledger)

    first, second = sorted(place.documents(kind="out_invoice"), key=lambda move: move["id"])
    (note,) = place.documents(kind="out_refund")
    assert (first["payment_state"], second["payment_state"], note["amount_residual"]) == ("reversed", "paid", 0)
    assert note["reversed_entry_id"] == first["id"]


def test_the_customers_account_of_an_unwound_sale_is_matched_to_the_last(tmp_path: Path) -> None:
    place = office("us", "USD")
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G08"))
    drain(store, place.ledger)
    (receivable,) = place.box.find("account.account", ["code", "=", "1100"])
    open_lines = place.box.find("account.move.line", ["account_id", "=", receivable], ["reconciled", "=", False])
    assert open_lines == []
