"""The Odoo sandbox: its versions, its doors, and the rules of documents, posting, payments and reversals."""

from __future__ import annotations

import json
import xmlrpc.client
from decimal import Decimal
from typing import Any

import pytest
from odoo_sandbox_support import (
    COST,
    CUSTOMER,
    DEBTORS,
    SALES,
    STOCK,
    VAT,
    VAT_INSIDE,
    Office,
    Refused,
    line,
)

from sandbox.kit import Call
from sandbox.kit.server import serving
from sandbox.odoo import OdooError, OdooSandbox, Settings, traits_of


@pytest.fixture
def office() -> Office:
    return Office()


# --- versions ---


@pytest.mark.parametrize("version", [16, 17, 18])
def test_json2_is_not_there_before_19(version: int) -> None:
    box = OdooSandbox(Settings(version=version))
    call = Call("POST", "/json/2/res.partner/search", {}, {"authorization": f"bearer {box.api_key}"}, b"{}")
    assert box.handle(call).status == 404


def test_the_version_is_told_without_a_login() -> None:
    answer = OdooSandbox().handle(Call("GET", "/web/version"))
    assert json.loads(answer.body) == {"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}


def test_fields_come_and_go_with_the_version() -> None:
    names = {
        version: set(OdooSandbox(Settings(version=version)).server.schema["account.account"]) for version in (16, 19)
    }
    assert "deprecated" in names[16] and "company_id" in names[16]
    assert "active" in names[19] and "company_ids" in names[19] and "company_id" not in names[19]
    with pytest.raises(ValueError, match="14"):
        traits_of(14)


def test_drafts_of_16_are_called_slash() -> None:
    box = OdooSandbox(Settings(version=16))
    move = box.hand.type_invoice(box.add("res.partner", name="Jo"), [("Car", 5)], post=False)
    assert box.look("account.move", move, "name")["name"] == "/"


def test_reversals_of_16_ask_for_the_method() -> None:
    box = OdooSandbox(Settings(version=16))
    move = box.hand.type_invoice(box.add("res.partner", name="Jo"), [("Car", 5)])
    with serving(box) as address, xmlrpc.client.ServerProxy(f"{address}/xmlrpc/2/object") as objects:
        given = {"move_ids": [(6, 0, [move])], "refund_method": "cancel", "date": "2026-01-31", "journal_id": 7}
        wizard = objects.execute_kw("books", 2, "admin", "account.move.reversal", "create", [given])
        objects.execute_kw("books", 2, "admin", "account.move.reversal", "reverse_moves", [[wizard]])
        with pytest.raises(xmlrpc.client.Fault, match="refund_moves"):
            objects.execute_kw("books", 2, "admin", "account.move.reversal", "refund_moves", [[wizard]])
    assert box.look("account.move", move, "payment_state")["payment_state"] == "reversed"


# --- JSON-2 at the door ---


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/json/2/res.partner/search", b"", 404),
        ("POST", "/json/2/res.partner", b"{}", 404),
        ("POST", "/json/2/res.partner/search", b"{nonsense", 400),
        ("POST", "/json/2/res.partner/search", b"[]", 422),
        ("POST", "/json/2/res.partner/search", b'{"ids": [1]}', 422),
        ("POST", "/json/2/res.partner/create", b'{"values": [{"name": "x"}]}', 422),
        ("POST", "/json/2/res.partner/create", b"{}", 422),
        ("POST", "/json/2/account.move/action_post", b'{"ids": [12345]}', 404),
        ("POST", "/json/2/account.move/settle", b"{}", 404),
        ("POST", "/json/2/account.move/search", b'{"domain": [["nope", "=", 1]]}', 500),
        ("POST", "/json/2/account.move/read", b'{"ids": [], "fields": ["nope"]}', 500),
    ],
)
def test_calls_that_do_not_fit(office: Office, method: str, path: str, body: bytes, status: int) -> None:
    headers = {"authorization": f"bearer {office.box.api_key}"}
    answer = office.box.handle(Call(method, path, {}, headers, body))
    assert answer.status == status
    assert {"name", "message", "arguments", "context", "debug"} == set(json.loads(answer.body))


def test_another_database_is_not_served(office: Office) -> None:
    headers = {"authorization": f"bearer {office.box.api_key}", "x-odoo-database": "other"}
    assert office.box.handle(Call("POST", "/json/2/res.partner/search", {}, headers, b"{}")).status == 404


def test_keys_are_made_end_and_expire(office: Office) -> None:
    given = {"key": office.box.api_key, "scope": "rpc", "name": "next", "expiration_date": "2026-12-31"}
    fresh = office("res.users.apikeys", "generate", **given)
    call = Call("POST", "/json/2/res.users/context_get", {}, {"authorization": f"Bearer {fresh}"}, b"{}")
    assert json.loads(office.box.handle(call).body)["uid"] == 2
    office.clock.sleep(60 * 86400)
    assert office.box.handle(call).status == 401
    with pytest.raises(Refused, match="three months"):
        office("res.users.apikeys", "generate", **{**given, "expiration_date": "2028-01-01"})
    with pytest.raises(Refused) as caught:
        office("res.users.apikeys", "revoke", key="nonsense")
    assert caught.value.status == 403


def test_a_second_call_in_a_second_is_too_many_at_odoo_online() -> None:
    office = Office(per_second=1)
    call = Call("GET", "/web/version")
    assert [office.box.handle(call).status for _ in range(2)] == [200, 429]
    office.clock.sleep(1)
    assert office.box.handle(call).status == 200


# --- documents ---


def test_a_failed_call_leaves_nothing(office: Office) -> None:
    good = {"move_type": "entry", "line_ids": []}
    bad = {"move_type": "entry", "line_ids": [[0, 0, {"account_id": STOCK, "debit": 5}]]}
    with pytest.raises(Refused, match="not balanced"):
        office("account.move", "create", vals_list=[good, bad])
    assert office("account.move", "search_count") == 0
    assert office.box.log.writes == []


def test_a_move_cannot_be_created_posted(office: Office) -> None:
    with pytest.raises(Refused, match="already in the posted state"):
        office.invoice(state="posted")


def test_custom_fields_are_those_of_the_settings(office: Office) -> None:
    number = office.invoice(x_deal_key="k-1", x_vin="WVWZZZ1JZXW000123")
    assert office("account.move", "search", domain=[["x_deal_key", "=", "k-1"]]) == [number]
    bare = Office(custom_fields={})
    with pytest.raises(Refused, match="Invalid field 'x_deal_key'") as caught:
        bare.invoice(x_deal_key="k-1")
    assert caught.value.status == 500


@pytest.mark.parametrize(
    ("rounding", "tax", "prices", "figures"),
    [
        ("round_per_line", VAT, ["0.12", "0.12", "0.12"], ("0.36", "0.06", "0.42")),
        ("round_globally", VAT, ["0.12", "0.12", "0.12"], ("0.36", "0.07", "0.43")),
        ("round_per_line", VAT_INSIDE, ["100.00"], ("83.33", "16.67", "100.00")),
        ("round_per_line", VAT_INSIDE, ["0.10", "0.10"], ("0.16", "0.04", "0.20")),
    ],
)
def test_taxes_on_top_and_inside(rounding: str, tax: int, prices: list[str], figures: tuple[str, str, str]) -> None:
    """Worked by hand: 20 % of 0.12 is 0.024, three times; of 0.10 inside it is 0.0167."""
    office = Office(rounding=rounding)
    number = office.invoice(*(line("Part", price, tax) for price in prices))
    found = office.move(number, "amount_untaxed", "amount_tax", "amount_total")
    assert tuple(found[name] for name in ("amount_untaxed", "amount_tax", "amount_total")) == tuple(
        Decimal(figure) for figure in figures
    )


def test_discount_is_percent_of_a_line(office: Office) -> None:
    number = office.invoice(line("Vehicle", "200", VAT, discount=12.5, quantity=2))
    assert office.move(number, "amount_untaxed", "amount_tax")["amount_untaxed"] == 350
    assert office.move(number, "amount_tax")["amount_tax"] == 70


def test_a_line_that_says_nothing_of_taxes_gets_the_accounts(office: Office) -> None:
    number = office.invoice({"name": "Vehicle", "price_unit": 100})
    assert office.move(number, "amount_total")["amount_total"] == 120


@pytest.mark.parametrize(
    ("code", "rate", "price", "balance"), [("JPY", "190", "19001", "100.01"), ("KWD", "0.4", "1.235", "3.09")]
)
def test_currencies_keep_their_decimals(office: Office, code: str, rate: str, price: str, balance: str) -> None:
    currency = office.box.find("res.currency", ["name", "=", code])[0]
    office.box.add("res.currency.rate", name="2026-01-01", rate=rate, currency_id=currency)
    number = office.invoice(line("Vehicle", price), currency_id=currency, post=True)
    found = office.move(number, "amount_total", "amount_total_signed")
    assert (found["amount_total"], found["amount_total_signed"]) == (Decimal(price), Decimal(balance))


def test_half_a_yen_is_rounded(office: Office) -> None:
    currency = office.box.find("res.currency", ["name", "=", "JPY"])[0]
    assert office.move(office.invoice(line("Part", "10.5"), currency_id=currency), "amount_total")["amount_total"] == 11


def test_the_counterpart_takes_the_whole_total(office: Office) -> None:
    number = office.invoice(line("Vehicle", "10000", VAT), line("Part exchange", "-3000", account_id=STOCK), post=True)
    rows = office("account.move.line", "search_read", domain=[["move_id", "=", number]],
                  fields=["account_id", "balance"], load=None)  # fmt: skip
    assert [(row["account_id"], row["balance"]) for row in rows] == [
        (SALES, -10000), (STOCK, 3000), (85, -2000), (DEBTORS, 9000),
    ]  # fmt: skip


def test_a_draft_can_be_changed_line_by_line(office: Office) -> None:
    number = office.invoice(line("Vehicle", "100", VAT), line("Mats", "10", VAT))
    vehicle, mats = office.move(number, "invoice_line_ids")["invoice_line_ids"]
    commands = [[1, vehicle, {"price_unit": 90}], [2, mats, 0], [0, 0, line("Fuel", "5")]]
    office("account.move", "write", ids=[number], vals={"invoice_line_ids": commands})
    assert office.move(number, "amount_total")["amount_total"] == 113


# --- posting ---


def _refused(office: Office, number: int, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        office("account.move", "action_post", ids=[number])
    assert (caught.value.status, caught.value.kind) == (422, "UserError")
    assert office.move(number, "state")["state"] != "posted"


def test_refusals_of_posting(office: Office) -> None:
    _refused(office, office.invoice(partner_id=False), "Customer")
    _refused(office, office.entry(), "add a line")
    _refused(office, office.invoice(auto_post="at_date", date="2027-01-01", invoice_date="2027-01-01"), "auto-posted")
    _refused(office, office.invoice(line("x", "-1")), "negative total")
    archived = office.invoice()
    office.box.hand.archive("account.account", SALES)
    _refused(office, archived, "archived account")


def test_archived_journals_and_currencies(office: Office) -> None:
    number = office.invoice()
    office.box.hand.archive("account.journal", 7)
    _refused(office, number, "archived journal")
    other = Office()
    euro = other.box.find("res.currency", ["name", "=", "EUR"])[0]
    number = other.invoice(currency_id=euro)
    other.box.hand.archive("res.currency", euro)
    _refused(other, number, "inactive currency")


def test_a_posted_move_keeps_what_is_in_the_books(office: Office) -> None:
    number = office.invoice(post=True)
    with pytest.raises(Refused, match="readonly fields on a posted move: date"):
        office("account.move", "write", ids=[number], vals={"date": "2026-11-01"})
    line_id = office.move(number, "line_ids")["line_ids"][0]
    with pytest.raises(Refused, match="posted entry"):
        office("account.move.line", "write", ids=[line_id], vals={"price_unit": 1})
    office("account.move", "write", ids=[number], vals={"ref": "may change"})
    assert office.move(number, "ref")["ref"] == "may change"


def test_numbers_follow_the_journal_and_start_anew(office: Office) -> None:
    names = [office.move(office.invoice(post=True, invoice_date=day), "name")["name"]
             for day in ("2025-12-30", "2026-01-02", "2026-03-01", "2025-12-31")]  # fmt: skip
    assert names == ["INV/2025/00001", "INV/2026/00001", "INV/2026/00002", "INV/2025/00002"]
    entries = [office.move(office.entry((COST, "1"), (STOCK, "-1"), post=True, date=day), "name")["name"]
               for day in ("2026-10-01", "2026-11-01", "2026-11-02")]  # fmt: skip
    assert entries == ["MISC/2026/10/0001", "MISC/2026/11/0001", "MISC/2026/11/0002"]


def test_a_name_of_our_own_is_unique_among_the_posted(office: Office) -> None:
    first, second = (office.invoice(name="DEAL/104233") for _ in range(2))
    office("account.move", "action_post", ids=[first])
    with pytest.raises(Refused, match="same name already exists") as caught:
        office("account.move", "action_post", ids=[second])
    assert (caught.value.status, caught.value.kind) == (422, "ValidationError")
    assert office.move(second, "state")["state"] == "draft"


def test_the_servers_own_numbers_follow_a_name_of_ours(office: Office) -> None:
    """So names of our own belong in a journal of our own."""
    office.invoice(name="DEAL/104233", post=True)
    assert office.move(office.invoice(post=True), "name")["name"] == "DEAL/104234"


def test_a_name_with_another_year_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="does not fit the number"):
        office.invoice(name="INV/2025/00007")


def test_an_unnumbered_draft_can_be_deleted_and_a_used_number_cannot(office: Office) -> None:
    draft, first, second = office.invoice(), office.invoice(post=True), office.invoice(post=True)
    assert office("account.move", "unlink", ids=[draft]) is True
    assert office("account.move.line", "search", domain=[["move_id", "=", draft]]) == []
    for number in (first, second):
        office("account.move", "button_draft", ids=[number])
    with pytest.raises(Refused, match="used a number"):
        office("account.move", "unlink", ids=[first])
    assert office("account.move", "unlink", ids=[second]) is True


@pytest.mark.parametrize(
    ("kind", "moved"), [("fiscalyear", True), ("hard", True), ("sale", True), ("purchase", False), ("tax", False)]
)
def test_a_locked_date_is_moved_without_a_word(office: Office, kind: str, moved: bool) -> None:
    office.box.hand.lock("2026-10-31", kind=kind)
    number = office.invoice(invoice_date="2026-10-15", post=True)
    found = office.move(number, "date", "invoice_date")
    assert found["invoice_date"] == "2026-10-15"
    assert (found["date"] != "2026-10-15") is moved


def test_a_tax_lock_counts_for_what_has_tax(office: Office) -> None:
    office.box.hand.lock("2026-10-31", kind="tax")
    number = office.invoice(line("Vehicle", "10", VAT), invoice_date="2026-10-15", post=True)
    assert office.move(number, "date")["date"] != "2026-10-15"


def test_a_posted_move_of_a_closed_period_stays(office: Office) -> None:
    number = office.invoice(invoice_date="2026-09-15", post=True)
    office.box.hand.lock("2026-09-30")
    for method in ("button_draft", "button_cancel"):
        with pytest.raises(Refused, match="prior to and inclusive of: 2026-09-30"):
            office("account.move", method, ids=[number])
    assert office.move(number, "state")["state"] == "posted"


def test_a_hard_lock_never_goes_back(office: Office) -> None:
    office.box.hand.lock("2026-09-30", kind="hard")
    with pytest.raises(OdooError, match="Hard Lock Date"):
        office.box.hand.lock(None, kind="hard")


def test_another_companys_records_are_refused(office: Office) -> None:
    other = office.box.add_company("Other Motors", "EUR")
    account = office.box.find("account.account", ["code", "=", "400000"], ["company_ids", "in", [other]])[0]
    with pytest.raises(Refused, match="Incompatible companies"):
        office.invoice(line("Vehicle", "1", account_id=account))
    number = office("account.move", "create", vals_list=[{"move_type": "out_invoice", "partner_id": CUSTOMER,
        "invoice_line_ids": [[0, 0, line("Vehicle", "1")]]}], context={"allowed_company_ids": [other]})[0]  # fmt: skip
    found = office.move(number, "company_id", "currency_id")
    assert found == {"id": number, "company_id": other, "currency_id": 125}


def test_a_company_that_is_not_the_users_is_refused(office: Office) -> None:
    with pytest.raises(Refused, match="unauthorized or invalid companies") as caught:
        office("account.move", "search", context={"allowed_company_ids": [99]})
    assert (caught.value.status, caught.value.kind) == (403, "AccessError")


# --- payments, reversals ---


def test_a_payment_is_two_calls_and_the_second_one_writes(office: Office) -> None:
    number = office.invoice(post=True, x_deal_key="k")
    assert office.pay(number, "40", communication="k/pay/1") is True
    found = office.move(number, "payment_state", "amount_residual")
    assert (found["payment_state"], found["amount_residual"]) == ("partial", 60)
    assert office.pay(number, "60") is True
    assert office.move(number, "payment_state")["payment_state"] == "paid"
    payments = office("account.payment", "search_read", domain=[["memo", "=", "k/pay/1"]],
                      fields=["amount", "state", "name", "reconciled_invoice_ids"])  # fmt: skip
    assert payments[0]["reconciled_invoice_ids"] == [number]
    assert (payments[0]["amount"], payments[0]["state"], payments[0]["name"]) == (40, "in_process", "PBNK1/2026/00001")
    with pytest.raises(Refused, match="nothing left to pay"):
        office.pay(number, "1")


def test_only_posted_moves_are_paid(office: Office) -> None:
    with pytest.raises(Refused, match="only register payment for posted"):
        office.pay(office.invoice(), "1")


def test_a_difference_can_be_written_off(office: Office) -> None:
    number = office.invoice(post=True)
    office.pay(number, "99.5", payment_difference_handling="reconcile", writeoff_account_id=130)
    assert office.move(number, "payment_state", "amount_residual")["amount_residual"] == 0
    rows = office("account.move.line", "search_read", domain=[["account_id", "=", 130]], fields=["balance"])
    assert [row["balance"] for row in rows] == [Decimal("0.5")]


@pytest.mark.parametrize(("version", "memo", "state"), [(17, "ref", "posted"), (18, "memo", "in_process")])
def test_where_a_payments_text_stands(version: int, memo: str, state: str) -> None:
    office = Office(version=version)
    number = office.box.hand.type_invoice(CUSTOMER, [("Vehicle", "100")], ref="D-1", payment_reference="D-1")
    payment = office.box.look("account.payment", office.box.hand.pay(number))
    assert (payment[memo], payment["state"]) == ("D-1", state)
    assert ("memo" in payment, "ref" in payment) == (memo == "memo", memo == "ref")


def test_enterprise_waits_for_the_bank() -> None:
    office = Office(edition="enterprise")
    number = office.invoice(post=True)
    office.pay(number, "100")
    assert office.move(number, "payment_state")["payment_state"] == "in_payment"


def test_without_an_outstanding_account_a_payment_makes_no_entry() -> None:
    office = Office(outstanding_accounts=False)
    number = office.invoice(post=True)
    office.pay(number, "100")
    assert office.move(number, "payment_state", "amount_residual") == {
        "id": number, "payment_state": "in_payment", "amount_residual": 100,
    }  # fmt: skip
    assert office("account.payment", "search_read", fields=["move_id"])[0]["move_id"] is False


def test_taking_an_invoice_back_opens_what_was_matched(office: Office) -> None:
    number = office.invoice(post=True)
    office.pay(number, "100")
    office("account.move", "button_draft", ids=[number])
    assert office.move(number, "payment_state")["payment_state"] == "not_paid"
    assert office("account.partial.reconcile", "search_count") == 0


def _reverse(office: Office, number: int, method: str, **values: Any) -> int:
    given = {"move_ids": [[6, 0, [number]]], "reason": "unwound", "date": "2026-11-23", **values}
    wizard = office("account.move.reversal", "create", vals_list=[given])
    return int(office("account.move.reversal", method, ids=wizard)["res_id"])


def test_an_entry_is_reversed_posted_at_once(office: Office) -> None:
    number = office.entry((COST, "100"), (STOCK, "-100"), post=True, x_deal_key="k")
    mirror = _reverse(office, number, "refund_moves")
    found = office.move(mirror, "state", "reversed_entry_id", "ref", "x_deal_key")
    assert (found["state"], found["reversed_entry_id"]) == ("posted", number)
    assert found["ref"] == "Reversal of: MISC/2026/11/0001, unwound"
    assert found["x_deal_key"] == "k"  # a copy has the key too: who searches by it finds both
    given = {"domain": [["parent_state", "=", "posted"]], "groupby": ["account_id"], "aggregates": ["balance:sum"]}
    rows = office("account.move.line", "formatted_read_group", **given)
    assert [row["balance:sum"] for row in rows] == [0, 0]


def test_a_server_can_be_set_not_to_copy_custom_fields() -> None:
    office = Office(copies_custom_fields=False)
    number = office.entry((COST, "100"), (STOCK, "-100"), post=True, x_deal_key="k")
    assert office.move(_reverse(office, number, "refund_moves"), "x_deal_key")["x_deal_key"] is False


def test_an_entry_reversed_for_a_later_date_waits(office: Office) -> None:
    number = office.entry((COST, "100"), (STOCK, "-100"), post=True)
    mirror = _reverse(office, number, "refund_moves", date="2026-12-01")
    assert office.move(mirror, "state", "auto_post") == {"id": mirror, "state": "draft", "auto_post": "at_date"}


def test_modify_makes_a_new_draft_and_matches_the_old(office: Office) -> None:
    number = office.invoice(line("Vehicle", "100", VAT), post=True)
    fresh = _reverse(office, number, "modify_moves")
    assert office.move(number, "payment_state")["payment_state"] == "reversed"
    assert office.move(fresh, "state", "amount_total") == {"id": fresh, "state": "draft", "amount_total": 120}


def test_a_credit_note_has_numbers_of_its_own(office: Office) -> None:
    number = office.invoice(line("Vehicle", "100", VAT), post=True)
    note = _reverse(office, number, "refund_moves")
    office("account.move", "action_post", ids=[note])
    found = office.move(note, "name", "amount_total", "amount_total_signed")
    assert (found["name"], found["amount_total"], found["amount_total_signed"]) == ("RINV/2026/00001", 120, -120)
