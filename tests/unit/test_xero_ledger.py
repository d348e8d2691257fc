"""Golden cases through the outbox into a Xero sandbox, when all goes well and when it does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from xero_support import Rig, postings_of, wanted

from blocks.ledgers.xero.block import Xero
from blocks.ledgers.xero.settings import XeroSettings
from dealbooks.errors import ConfigError, StopConnection
from dealbooks.ledger import Reading
from dealbooks.outbox import Drain
from dealbooks.store.tables import effects, exchanges
from sandbox.kit import FaultPlan
from sandbox.kit.faults import Fault
from sandbox.xero import Settings

GOLDEN = [("G09", "uk"), ("G10", "uk"), ("G11", "uk"), ("G13", "uk"), ("G14", "uk"), ("G20", "nz"), ("G15", "au")]

APP = {"client_id": "a", "client_secret": "b", "tenant_id": "t"}

OTHERS = [("G12", "uk"), ("G16", "au"), *((f"G{number:02}", "us") for number in (1, 2, 3, 4, 5, 6, 7, 8, 23))]


def reasons(rig: Rig) -> dict[str, str]:
    """Effects that are not posted, and why."""
    with rig.store.read() as conn:
        found = conn.execute(select(effects).where(effects.c.state != "posted")).mappings()
        return {row["name"]: row["reason"] for row in found}


def made(rig: Rig) -> Counter[str]:
    """What was created in Xero, by kind, for as long as it stands."""
    return Counter(kind for kind, _ in rig.sandbox.log.standing())


@pytest.mark.parametrize(("name", "country"), [*GOLDEN, *OTHERS])
def test_a_golden_case_stands_in_xero_to_the_cent(tmp_path: Path, name: str, country: str) -> None:
    rig = Rig(tmp_path, country)
    rig.put(*postings_of(name))
    result = rig.drain()
    assert result.clean, reasons(rig)
    assert rig.balances() == wanted(name, rig.chart)
    before = len(rig.sandbox.log.writes)
    again = rig.drain()
    assert (again.posted, len(rig.sandbox.log.writes)) == (0, before)


@pytest.mark.parametrize(("name", "country"), GOLDEN)
def test_the_records_of_the_ledger_add_up_to_its_balances(tmp_path: Path, name: str, country: str) -> None:
    rig = Rig(tmp_path, country, page_size=1)
    rig.put(*postings_of(name))
    assert rig.drain().clean
    sums: dict[str, Decimal] = defaultdict(Decimal)
    keys: set[str] = set()
    for record in rig.ledger.records(date(2026, 1, 1), date(2026, 12, 31)):
        keys.add(record.key)
        for line in record.lines:
            sums[line.account] += line.amount
    assert {code: amount for code, amount in sorted(sums.items()) if amount} == rig.balances()
    with rig.store.read() as conn:
        ours = set(
            conn.execute(select(effects.c.id).where(effects.c.name.not_in(["customer", "allocation"]))).scalars()
        )
    assert keys == ours


@pytest.mark.parametrize(
    "fault",
    [Fault.TIMEOUT_AFTER, Fault.RESET, Fault.SERVER_ERROR_AFTER, Fault.SERVER_ERROR, Fault.LATE_COMMIT, Fault.REFUSED,
     Fault.TIMEOUT_BEFORE, Fault.LIMIT_MINUTE, Fault.LIMIT_DAY, Fault.LIMIT_CONCURRENT, Fault.TOKEN_EXPIRED,
     Fault.ERROR_BODY_200],
)  # fmt: skip
def test_each_write_meets_a_fault_and_is_made_once(tmp_path: Path, fault: Fault) -> None:
    plan = FaultPlan()
    rig = Rig(tmp_path, faults=plan)
    rig.put(*postings_of("G10"))
    plan.order([fault, None] * 5)
    rig.settled(rounds=100)
    assert reasons(rig) == {}
    assert plan.hits[fault] >= 1
    assert rig.balances() == wanted("G10", rig.chart)
    assert made(rig) == {"Contact": 1, "Invoice": 1, "ManualJournal": 1, "Payment": 2}


def test_a_search_that_lags_does_not_prove_absence(tmp_path: Path) -> None:
    plan = FaultPlan()
    rig = Rig(tmp_path, faults=plan)
    rig.put(*postings_of("G11"))
    for _ in range(2):  # the customer, and then the invoice
        plan.order([None])
    plan.order([None, None, Fault.RESET])  # the journal
    plan.order([None] * 5 + [Fault.LAGGING_SEARCH], "read")
    rig.settled()
    assert reasons(rig) == {}
    assert made(rig)["ManualJournal"] == 1


def test_a_payment_that_comes_after_the_credit_note_still_gets_there(tmp_path: Path) -> None:
    plan = FaultPlan()
    rig = Rig(tmp_path, faults=plan)
    postings = postings_of("G14")
    rig.put(*postings[:1])
    assert rig.drain().clean
    rig.put(*postings[1:])
    plan.order([Fault.TIMEOUT_BEFORE])  # the receipt; all else overtakes it
    rig.settled()
    assert reasons(rig) == {}
    assert rig.balances() == wanted("G14", rig.chart)
    invoices = [doc for (kind, _), doc in rig.sandbox.log.standing().items() if kind == "Invoice"]
    assert sorted(doc["AmountDue"] for doc in invoices) == [0, 0], "nothing is open but the customer's credit"


def test_a_number_that_somebody_else_took_is_refused_not_overwritten(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.put(*postings_of("G11"))
    with rig.store.read() as conn:
        key = conn.execute(select(effects.c.id).where(effects.c.name == "invoice")).scalar_one()
    deal = postings_of("G11")[0].deal_number
    contact = rig.sandbox.hand.enter("Contact", Name="Somebody")["ContactID"]
    theirs = rig.sandbox.hand.enter(
        "Invoice", Type="ACCREC", InvoiceNumber=f"{deal}-1-{key[:6]}", Contact={"ContactID": contact}, Status="DRAFT"
    )
    rig.drain()
    assert "in use in Xero for something else" in reasons(rig)["invoice"]
    assert rig.sandbox.hand.see("Invoice", theirs["InvoiceID"])["Status"] == "DRAFT"


def test_a_customer_whose_name_is_taken_gets_our_number_behind_it(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    sale = postings_of("G11")[0]
    party = next(iter(sale.parties.values()))
    rig.sandbox.hand.enter("Contact", Name=party.name)
    rig.put(sale)
    assert rig.drain().clean
    contacts = [doc for (kind, _), doc in rig.sandbox.log.standing().items() if kind == "Contact"]
    assert sorted(str(doc["Name"]) for doc in contacts) == [party.name, f"{party.name} ({party.id})"]


def test_one_customer_with_two_deals_is_one_contact(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    sale = postings_of("G09")
    rig.put(*sale)
    assert rig.drain().clean
    assert made(rig)["Contact"] == 1


def test_an_archived_customer_is_refused_with_what_to_do(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    sale = postings_of("G11")[0]
    party = next(iter(sale.parties.values()))
    held = rig.sandbox.hand.enter("Contact", Name=party.name, ContactNumber=party.id)
    rig.sandbox.hand.archive("Contact", held["ContactID"])
    rig.put(sale)
    rig.drain()
    assert "restore it" in reasons(rig)["customer"]


def test_a_locked_period_is_refused_and_posted_once_it_is_open(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.sandbox.hand.move_lock(period=date(2026, 3, 31))
    assert rig.ledger.lock_date() == date(2026, 3, 31)
    rig.put(*postings_of("G11"))
    rig.drain()
    assert "closed in Xero" in reasons(rig)["invoice"]
    rig.sandbox.hand.move_lock()
    assert rig.ledger.lock_date() is None
    rig.clock.sleep(400)  # the refusal is kept under the key
    Drain(rig.store, "book", rig.ledger).send_refused_again("controller")
    assert rig.drain().clean
    assert rig.balances() == wanted("G11", rig.chart)


def test_what_somebody_changed_in_xero_is_seen_when_it_is_read(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.put(postings_of("G11")[0])
    assert rig.drain().clean
    with rig.store.read() as conn:
        refs = {row.name: row.ref for row in conn.execute(select(effects.c.name, effects.c.ref))}
    rig.sandbox.hand.void("Invoice", refs["invoice"].split("/")[1])
    (reading,) = rig.ledger.read([refs["invoice"]])
    assert reading.figures is not None
    assert reading.figures["status"] == "VOIDED"
    assert rig.ledger.read(["Invoices/00000000-0000-4000-8000-000000000000"])[0].figures is None


def test_calls_stay_within_sixty_a_minute(tmp_path: Path) -> None:
    rig = Rig(tmp_path, sandbox=Settings(), per_minute=60, per_day=5000)
    for name in ("G09", "G10", "G11", "G12", "G13", "G14"):
        rig.put(*postings_of(name))
        assert rig.drain().clean
    with rig.store.read() as conn:
        said = Counter(conn.execute(select(exchanges.c.status)).scalars())
    assert said[429] == 0
    assert sum(said.values()) > 60


def test_a_healthy_organisation_has_no_problems(tmp_path: Path) -> None:
    assert Rig(tmp_path).ledger.problems() == []


def test_problems_are_told_in_words(tmp_path: Path) -> None:
    rig = Rig(tmp_path, tax_codes={"GB-S": "OUTPUT9"}, tracking={"location": "Branch"})
    rig.sandbox.hand.archive("Account", "5010")
    said = "\n".join(rig.ledger.problems())
    for part in ("OUTPUT9", "Branch", "5010 (Cost of used vehicles)"):
        assert part in said
    dead = rig.connected(client_secret="wrong")
    rig.clock.sleep(4000)  # the token that was kept has ended
    assert any("authorisation" in problem for problem in dead.problems())


def test_a_ledger_that_cannot_be_reached_stops_the_connection(tmp_path: Path) -> None:
    plan = FaultPlan()
    rig = Rig(tmp_path, faults=plan)
    plan.order([Fault.REFUSED] * 5, "read")
    with pytest.raises(StopConnection):
        rig.ledger.lock_date()


@pytest.mark.parametrize(
    ("data", "told"),
    [({"client_id": "a"}, "client_secret"), ({"client_id": "a", "client_secret": "b"}, "tenant_id"),
     ({"colour": "red"}, "colour"), ({"grant": "magic"}, "grant"),
     ({**APP, "client_id": ""}, "no client_id"), ({**APP, "client_secret": " "}, "no client_secret"),
     ({**APP, "base_url": "nonsense"}, "base_url"), ({**APP, "token_url": "nonsense"}, "token_url"),
     ({**APP, "authorize_url": "ftp://login.test"}, "authorize_url"), ({**APP, "base_url": "https://"}, "base_url")],
)  # fmt: skip
def test_a_wrong_setting_is_named(data: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        XeroSettings.read("northgate", data)
    assert "books.northgate.ledger" in caught.value.message


def test_a_line_that_somebody_gave_another_tax_type_is_disputed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = Rig(tmp_path)
    rig.put(postings_of("G10")[0])
    read = rig.ledger.read

    def recoded(refs: Sequence[str]) -> list[Reading]:
        for ref in refs:
            if ref.startswith("Invoices/"):
                number = ref.split("/")[1]
                kept = ("LineItemID", "Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "TaxAmount")
                held = rig.sandbox.hand.see("Invoice", number)["LineItems"]
                lines = [{name: str(line[name]) for name in kept} | {"Tracking": line["Tracking"]} for line in held]
                line = next(line for line in lines if line["TaxType"] == "EXEMPTOUTPUT")
                line["TaxType"] = "ZERORATEDOUTPUT"
                rig.sandbox.hand.edit("Invoice", number, LineItems=lines)
        return read(refs)

    monkeypatch.setattr(rig.ledger, "read", recoded)
    rig.drain()
    told = reasons(rig)["invoice"]
    assert "lines: we expect" in told
    assert "ZERORATEDOUTPUT" in told


def test_attachments_are_not_said_to_be_sent(tmp_path: Path) -> None:
    assert Rig(tmp_path).ledger.capabilities.attachments is False


def test_the_block_gives_the_settings_and_hides_the_secret() -> None:
    block = Xero.model_validate(
        {"client_id": "a", "client_secret": "hunter2", "tenant_id": "t", "tracking": {"location": "Site"},
         "more": {"settle_seconds": 1200}}
    )  # fmt: skip
    read = XeroSettings.read("book", block.settings())
    assert (read.client_secret.get_secret_value(), read.tracking.location, read.settle_seconds) == (
        "hunter2", "Site", 1200,
    )  # fmt: skip
    assert "hunter2" not in f"{block!r} {read!r}"
    assert block.check() == []
    assert "client_id" in Xero().check()[0]
