"""Lost answers, drafts made twice, people in the same database: one live entry, or a person is asked."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from odoo_support import Office, closing, drain, office, postings, put
from sqlalchemy import select

from dealbooks.errors import ConfigError, StopConnection
from dealbooks.store import Store
from dealbooks.store.tables import effects
from sandbox.kit import Fault, FaultPlan

FAULTS = (
    Fault.REFUSED, Fault.TIMEOUT_BEFORE, Fault.SERVER_ERROR, Fault.ERROR_BODY_200, Fault.LIMIT_CONCURRENT,
    Fault.TIMEOUT_AFTER, Fault.RESET, Fault.SERVER_ERROR_AFTER, Fault.LATE_COMMIT,
)  # fmt: skip
# Each fault at a contact, a draft, a post and a match over JSON-2; at a draft or a post over the older protocols.
PLACES = [(fault, call, 19, "auto") for fault in FAULTS for call in (0, 2, 5)]
PLACES += [(fault, 1 + at % 2, 17, "auto") for at, fault in enumerate(FAULTS)]
PLACES += [(fault, 2 - at % 2, 17, "xmlrpc") for at, fault in enumerate(FAULTS)]


def rows(store: Store, state: str = "") -> list[dict[str, Any]]:
    with store.read() as conn:
        query = select(effects).order_by(effects.c.seq)
        if state:
            query = query.where(effects.c.state == state)
        return [dict(row) for row in conn.execute(query).mappings()]


def until_clean(place: Office, store: Store, times: int = 12) -> Any:
    result = drain(store, place.ledger)
    for _ in range(times):
        if result.clean:
            break
        place.clock.sleep(400)
        result = drain(store, place.reconnect())
    return result


def keys(place: Office) -> list[str]:
    return [str(move["x_deal_key"]) for move in place.documents()]


@pytest.mark.parametrize(("fault", "call", "version", "protocol"), PLACES)
def test_a_fault_at_any_write_leaves_each_entry_once(
    fault: Fault, call: int, version: int, protocol: str, tmp_path: Path
) -> None:
    faults = FaultPlan()
    place = office(version=version, protocol=protocol, faults=faults)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    faults.order([None] * call + [fault], "write")

    result = until_clean(place, store)

    assert faults.hits[fault] == 1 or (fault is Fault.ERROR_BODY_200 and version == 19)
    assert result.clean, rows(store, "refused") + rows(store, "disputed") + rows(store, "unknown")
    assert place.balances() == closing("G10", place.book)
    assert len(keys(place)) == len(set(keys(place))) == 3
    assert len(place.box.find("res.partner", ["ref", "!=", False])) == 1


def test_a_draft_that_comes_late_beside_the_posted_entry_has_no_effect(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    drain(store, place.ledger)
    (journal,) = [row for row in rows(store) if row["name"] == "journal-draft"]
    twin = place.box.add("account.move", move_type="entry", date="2026-03-05", x_deal_key=journal["id"])

    with store.transaction("test", "the answer to the post was lost") as tx:
        (post,) = [row for row in rows(store) if row["name"] == "journal-post"]
        tx.update("effects", [post], state="unknown")
    again = drain(store, place.reconnect())

    assert again.clean
    assert place.balances() == closing("G10", place.book)
    assert place.box.look("account.move", twin, "state")["state"] == "draft"


def test_a_draft_that_was_made_twice_by_us_is_dropped_before_the_older_one_is_posted(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    (receipt,) = postings("G09")[:1]
    put(store, place.ledger, receipt)
    (key,) = [row["id"] for row in rows(store, "held") if row["name"] == "money-in-draft"]
    twins: list[int] = []
    begin = place.ledger._writes.begin

    def late(requests: Any) -> None:
        """Between our draft and its post, an earlier try of it is committed."""
        if requests[0].payload["do"] == "post":
            values = {"x_deal_key": key, "move_type": "entry", "journal_id": 9, "date": "2026-03-01"}
            with place.box.server.transaction() as env:
                twins.append(env["account.move"].create_one(values))
        begin(requests)

    place.ledger._writes.begin = late  # type: ignore[method-assign]
    result = drain(store, place.ledger)

    assert result.clean
    assert twins
    assert place.box.find("account.move", ["id", "=", twins[0]]) == []
    assert len(place.box.find("account.move", ["x_deal_key", "=", key])) == 1


def test_a_closed_period_refuses_the_post_and_leaves_a_draft(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    place.box.hand.lock("2026-03-31")

    drain(store, place.ledger)

    assert place.ledger.lock_date() == date(2026, 3, 31)
    refused = rows(store, "refused")
    assert refused
    assert all("closed until 2026-03-31" in row["reason"] for row in refused)
    assert place.balances() == {}


def test_a_period_that_closes_between_look_and_post_is_disputed_since_odoo_moves_the_date(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    place.ledger.lock_date = lambda: None  # type: ignore[method-assign]  # asked just before it was closed
    place.box.hand.lock("2026-03-31")

    drain(store, place.ledger)

    disputed = [row for row in rows(store, "disputed") if row["name"].endswith("-post")]
    assert disputed
    assert all("date: we expect 2026-03-05" in row["reason"] for row in disputed)


def test_a_draft_that_somebody_changed_is_disputed_and_not_posted(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    write = place.ledger._writes.do

    def do(request: Any) -> Any:
        outcome = write(request)
        if request.name == "invoice-draft":
            (line, *_) = place.box.find("account.move.line", ["display_type", "=", "product"])
            place.box.hand.edit("account.move.line", line, price_unit=1)
        return outcome

    place.ledger._writes.do = do  # type: ignore[method-assign]
    drain(store, place.ledger)

    (disputed,) = rows(store, "disputed")
    assert disputed["name"] == "invoice-draft"
    assert "total: we expect" in disputed["reason"]
    assert place.documents(kind="out_invoice") == []


def test_without_our_field_the_key_stands_in_the_reference_and_is_found_there(tmp_path: Path) -> None:
    faults = FaultPlan()
    place = office(custom_fields={}, faults=faults)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    faults.order([None, Fault.TIMEOUT_AFTER], "write")

    assert until_clean(place, store).clean
    assert place.balances() == closing("G10", place.book)
    records = list(place.ledger.records(date(2026, 1, 1), date(2026, 12, 31)))
    drafts = {row["id"] for row in rows(store, "posted") if row["name"].endswith("-draft")}
    assert {record.key for record in records} == drafts


def test_records_are_read_page_by_page_ours_and_others(tmp_path: Path) -> None:
    place = office(page=10)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    drain(store, place.ledger)
    partner = place.box.find("res.partner", ["ref", "!=", False])[0]
    for _ in range(37):
        place.box.hand.type_invoice(partner, [("Service", "10.50")], invoice_date="2026-04-01")

    records = list(place.ledger.records(date(2026, 3, 1), date(2026, 4, 30)))

    assert len(records) == 40
    assert sum(1 for record in records if not record.key) == 37
    assert all(sum(line.amount for line in record.lines) == 0 for record in records)
    assert len({record.ref for record in records}) == 40
    assert [record.date for record in place.ledger.records(date(2026, 4, 1), date(2026, 4, 1))] == [
        date(2026, 4, 1)
    ] * 37


def test_what_odoo_refuses_to_post_holds_nothing_else_up(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    write = place.ledger._writes.do
    (sales,) = place.box.find("account.account", ["code", "=", "4030"])  # on the invoice alone

    def do(request: Any) -> Any:
        if request.name == "invoice-post":
            place.box.hand.archive("account.account", sales)
        return write(request)

    place.ledger._writes.do = do  # type: ignore[method-assign]
    drain(store, place.ledger)

    (refused,) = rows(store, "refused")
    assert refused["name"] == "invoice-post"
    assert "archived account" in refused["reason"]
    assert {row["name"] for row in rows(store, "posted")} >= {"journal-post", "payment-post"}


def test_an_entry_that_a_person_posted_first_is_taken_as_posted(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    write = place.ledger._writes.do

    def do(request: Any) -> Any:
        if request.name == "invoice-post":
            (draft,) = place.box.find("account.move", ["state", "=", "draft"], ["move_type", "=", "out_invoice"])
            place.box.hand.post(draft)
        return write(request)

    place.ledger._writes.do = do  # type: ignore[method-assign]
    assert drain(store, place.ledger).clean
    assert place.balances() == closing("G10", place.book)


def test_an_entry_that_a_person_cancelled_is_not_made_again(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    write = place.ledger._writes.do

    def do(request: Any) -> Any:
        outcome = write(request)
        if request.name == "journal-draft":
            (draft,) = place.box.find("account.move", ["state", "=", "draft"], ["x_deal_key", "=", request.key])
            place.box.hand.cancel(draft)
        return outcome

    place.ledger._writes.do = do  # type: ignore[method-assign]
    drain(store, place.ledger)
    (refused,) = rows(store, "refused")
    assert refused["name"] == "journal-post"
    assert "cancelled" in refused["reason"]


def test_a_customer_whom_odoo_knows_by_our_id_is_not_made_again(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    customer = next(iter(postings("G10")[0].parties))
    kept = place.box.add("res.partner", name="As people wrote it", ref=customer, active=False)
    put(store, place.ledger, *postings("G10"))

    drain(store, place.ledger)

    assert place.box.find("res.partner", ["ref", "=", customer], ["active", "in", [True, False]]) == [kept]


def test_a_missing_account_is_named_with_its_role() -> None:
    place = office()
    (account,) = place.box.find("account.account", ["code", "=", "1151"])
    place.box.hand.delete("account.account", account)
    assert any("1151" in one and "clearing.settlement" in one for one in place.ledger.problems())
    (sales,) = place.box.find("account.account", ["code", "=", "1100"])
    place.box.hand.delete("account.account", sales)
    with pytest.raises(ConfigError, match=r"no account 1100 .* for receivable\.customer"):
        place.reconnect().effects(postings("G10")[0])


def test_a_tax_that_is_not_there_is_told_with_those_that_are() -> None:
    place = office(taxes={"GB-S": "no such tax"})
    with pytest.raises(ConfigError, match="no sales tax for GB-S") as caught:
        place.ledger.effects(postings("G10")[0])
    assert "VAT 20% in" in caught.value.fix


def test_a_key_that_odoo_does_not_accept_stops_before_anything_is_sent(tmp_path: Path) -> None:
    place = office()
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    place.settings = place.settings.model_copy(update={"api_key": type(place.settings.api_key)("wrong")})
    with pytest.raises(StopConnection):
        drain(store, place.reconnect())
    assert place.documents("draft") == []
    assert {row["state"] for row in rows(store, "pending")} == {"pending"}


@pytest.mark.parametrize("seed", range(4))
def test_with_faults_all_over_every_entry_stands_once(seed: int, tmp_path: Path) -> None:
    faults = FaultPlan(seed, dict.fromkeys(FAULTS, 0.04))
    place = office(faults=faults)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G14"))
    for _ in range(30):
        try:
            if drain(store, place.ledger).clean:
                break
        except StopConnection:
            place.reconnect()
        place.clock.sleep(400)

    assert faults.hits.total() > 3
    assert {row["state"] for row in rows(store)} == {"posted"}
    assert place.balances() == closing("G14", place.book)
    assert len(keys(place)) == len(set(keys(place)))


def test_all_is_well_with_a_server_that_has_our_accounts() -> None:
    assert office().ledger.problems() == []


def test_an_archived_account_may_not_be_used_and_old_entries_keep_its_number(tmp_path: Path) -> None:
    for version in (17, 19):
        place = office(version=version)
        (tmp_path / str(version)).mkdir()
        store = place.store(tmp_path / str(version))
        put(store, place.ledger, *postings("G10"))
        drain(store, place.ledger)
        (sales,) = place.box.find("account.account", ["code", "=", "4010"])
        place.box.hand.archive("account.account", sales)
        records = list(place.reconnect().records(date(2026, 3, 1), date(2026, 3, 31)))
        assert "4010 Used vehicle sales" in {line.account for record in records for line in record.lines}
        assert any("4010" in one for one in place.ledger.problems())


def test_the_book_is_kept_in_the_company_that_is_named(tmp_path: Path) -> None:
    place = office()
    second = place.box.add_company("Second", "GBP")
    with pytest.raises(ConfigError, match="not clear which company"):
        place.reconnect().lock_date()
    place.settings = place.settings.model_copy(update={"company": "My Company"})
    store = place.store(tmp_path)
    put(store, place.reconnect(), *postings("G10"))
    assert drain(store, place.ledger).clean
    assert place.box.find("account.move", ["company_id", "=", second]) == []
    place.box.hand.make("account.move", move_type="entry", company_id=second, date="2026-03-01")
    assert len(list(place.ledger.records(date(2026, 3, 1), date(2026, 3, 31)))) == len(place.documents())


@pytest.mark.parametrize(("version", "protocol"), [(19, "auto"), (17, "auto"), (17, "xmlrpc")])
def test_what_is_kept_of_the_calls_does_not_hold_the_key(version: int, protocol: str, tmp_path: Path) -> None:
    place = office(version=version, protocol=protocol)
    store = place.store(tmp_path)
    put(store, place.ledger, *postings("G10"))
    said = place.ledger.exchanges()
    assert len(said) > 5
    assert place.box.api_key not in "".join(f"{one.url}{one.request}{one.response}" for one in said)
