"""Golden cases into the Odoo sandbox through the real outbox: everything stands once, and the books are ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from odoo_support import Office, closing, drain, office, postings, put
from sqlalchemy import select

from dealbooks.ledger import Posting, PostingKey
from dealbooks.store import Store
from dealbooks.store.tables import effects

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


def at(store: str, posting: Posting, party: str) -> Posting:
    """The posting of a deal with the same number, that another store sold to another customer."""
    (before,) = posting.parties

    def key(one: PostingKey | None) -> Any:
        return None if one is None else replace(one, deal=f"D-{store}")

    def named(texts: Mapping[str, str]) -> dict[str, str]:
        return {name: party if text == before else text for name, text in texts.items()}

    lines = tuple(replace(line, dimensions=named(line.dimensions)) for line in posting.entry.lines)
    return replace(
        posting, key=key(posting.key), sale=key(posting.sale), entry=replace(posting.entry, lines=lines),
        parties={party: replace(posting.parties[before], id=party, name=party)},
    )  # fmt: skip


def receivables(place: Office) -> dict[str, Any]:
    """What is open on the customers' account, by our id of the contact."""
    (account,) = place.box.find("account.account", ["code", "=", "1100"])
    found: Counter[str] = Counter()
    for number in place.box.find("account.move.line", ["account_id", "=", account], ["parent_state", "=", "posted"]):
        line = place.box.look("account.move.line", number, "partner_id", "amount_residual")
        found[place.box.look("res.partner", line["partner_id"], "ref")["ref"]] += line["amount_residual"]
    return found


@pytest.mark.parametrize("same_customer", [False, True])
def test_deals_of_two_stores_with_one_number_do_not_pay_each_other(same_customer: bool, tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    first, second = postings("G11")[:2]
    put(store, place.ledger, at("leeds", first, "C-1"))
    drain(store, place.ledger)

    buyer = "C-1" if same_customer else "C-2"
    put(store, place.ledger, at("york", first, buyer), at("york", second, buyer))

    assert drain(store, place.ledger).clean
    invoices = sorted(place.documents(kind="out_invoice"), key=lambda move: move["id"])
    assert [one["amount_residual"] for one in invoices] == [invoices[0]["amount_total"], 0]
    assert receivables(place)["C-1"] == invoices[0]["amount_total"]


def test_what_two_customers_of_one_deal_owe_and_paid_is_not_matched(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    first, second = postings("G11")[:2]
    put(store, place.ledger, at("york", first, "C-1"), at("york", second, "C-2"))

    assert drain(store, place.ledger).clean
    (invoice,) = place.documents(kind="out_invoice")
    assert receivables(place) == {"C-1": invoice["amount_total"], "C-2": -invoice["amount_total"]}


def test_a_contact_without_our_id_any_more_is_made_once_for_all_deals_of_a_batch(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    (sale, *_) = postings("G11")
    put(store, place.ledger, sale)
    drain(store, place.ledger)
    (party,) = sale.parties
    (before,) = place.box.find("res.partner", ["ref", "=", party])
    place.box.hand.edit("res.partner", before, ref=False)

    put(store, place.reconnect(), *(replace(sale, key=replace(sale.key, deal=f"D-{n}")) for n in range(3)))

    assert drain(store, place.ledger).clean
    assert len(place.box.find("res.partner", ["ref", "=", party])) == 1


@pytest.mark.parametrize(("version", "protocol"), [(16, "xmlrpc"), (17, "jsonrpc"), (19, "json2")])
def test_characters_that_xml_cannot_hold_become_blanks_over_every_protocol(
    version: int, protocol: str, tmp_path: Path
) -> None:
    place = office(version=version, protocol=protocol)
    store = place.store(tmp_path)
    (sale, *_) = postings("G11")
    (party,) = sale.parties
    name = "Ann\x00\x0bC\rD\ud800E\uffff F\tG"
    sale = replace(
        sale, customer_name=name, parties={party: replace(sale.parties[party], name=name, city="\x1f", street=name)}
    )
    put(store, place.ledger, sale)

    assert drain(store, place.ledger).clean, states(store)
    (contact,) = place.box.find("res.partner", ["ref", "=", party])
    held = place.box.look("res.partner", contact, "name", "street", "city")
    assert (held["name"], held["street"]) == ("Ann  C D E  F\tG",) * 2
    assert not str(held["city"] or "").strip()


def states(store: Store) -> list[tuple[str, str, str]]:
    with store.read() as conn:
        query = select(effects.c.name, effects.c.state, effects.c.reason).order_by(effects.c.seq)
        return [(row.name, row.state, row.reason) for row in conn.execute(query)]


@pytest.mark.parametrize("when", ["draft", "posted"])
def test_a_line_with_another_tax_of_the_same_rate_is_disputed(when: str, tmp_path: Path) -> None:
    place = office()
    (old,) = place.box.find("account.tax", ["name", "=", "VAT 20% in"])
    output = place.box.find("account.account", ["code", "=", "2200"])[0]
    other = place.box.add(
        "account.tax", name="Other 20%", amount=20, type_tax_use="sale", price_include_override="tax_included",
        _account=output,
    )  # fmt: skip
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    write = place.ledger._writes.do

    def do(request: Any) -> Any:
        outcome = write(request)
        if request.name == ("invoice-draft" if when == "draft" else "invoice-post"):
            move = int(outcome.ref.rpartition("/")[2])
            lines = place.box.find("account.move.line", ["move_id", "=", move], ["tax_ids", "in", [old]])
            if when == "posted":
                place.box.hand.reset_to_draft(move)
            change = [(1, line, {"tax_ids": [(6, 0, [other])]}) for line in lines]
            place.box.hand.edit("account.move", move, invoice_line_ids=change)
            if when == "posted":
                place.box.hand.post(move)
        return outcome

    place.ledger._writes.do = do  # type: ignore[method-assign]
    drain(store, place.ledger)

    (reason,) = [reason for _, state, reason in states(store) if state == "disputed"]
    assert reason.startswith("taxes: we expect ")
    assert f"tax {old} on" in reason
    assert f"tax {other} on" in reason.partition("shows ")[2]
