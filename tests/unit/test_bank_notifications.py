"""camt.054: what came, never that nothing else came."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from bank_support import CAMT, BankHouse

from dealbooks.pipeline.bank import import_file
from dealbooks.pipeline.bank_store import coverage, lines_between
from dealbooks.store import Store

_ENTRY = (
    '<Ntry><Amt Ccy="GBP">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>'
    "<BookgDt><Dt>{day}</Dt></BookgDt>{own}<AddtlNtryInf>{text}</AddtlNtryInf></Ntry>"
)
_NOTIFICATION = (
    '<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
    "<BkToCstmrDbtCdtNtfctn><Ntfctn><Id>N1</Id><CreDtTm>2026-03-10T18:00:00</CreDtTm>{days}"
    "<Acct><Id><IBAN>GB33BUKB20201555555555</IBAN></Id><Ccy>GBP</Ccy></Acct>{entries}</Ntfctn>"
    "</BkToCstmrDbtCdtNtfctn></Document>"
)
_WHOLE = "<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>2026-04-10T23:59:59</ToDtTm></FrToDt>"


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> BankHouse:
    made = BankHouse(sqlite_store, tmp_path / "var")
    made.add_account("main", number="555555555")
    return made


def told(*entries: tuple[str, str, str], days: str = "", own: str = "") -> str:
    rows = [_ENTRY.format(day=day, amount=amount, text=text, own=own) for day, amount, text in entries]
    return _NOTIFICATION.format(days=days, entries="".join(rows))


@pytest.mark.parametrize("days", ["", _WHOLE])
def test_a_notification_covers_no_day_and_what_it_lacks_is_not_missing(house: BankHouse, days: str) -> None:
    for number, amount in (("UK-70001", "500.00"), ("UK-70002", "600.00")):
        house.sold(number, "Ann Lee")
        house.booked(number, "payment.received", f"receipt-P-{number}", amount, "2026-03-10")
    text = told(("2026-03-10", "500.00", "P-UK-70001"), days=days)
    [one] = import_file(house, "main", house.file("n.xml", text))
    assert one.state == "taken"
    assert "no day counts as covered by it" in one.note
    with house.store.read() as conn:
        assert coverage(conn, "northgate") == {"main": []}
    side = house.side(as_of="2026-04-10")
    assert [(one.code, one.what) for one in side.exceptions] == [
        ("statement_missing", "No statement of the account main covers 2026-03-01 to 2026-03-31.")
    ]
    assert (side.status, side.not_judged, side.tiers) == ("exceptions", 1, {"reference": 1})


def test_the_statement_of_the_day_says_what_is_missing(house: BankHouse) -> None:
    house.sold("UK-70002", "Ann Lee")
    house.booked("UK-70002", "payment.received", "receipt-P-UK-70002", "600.00", "2026-03-03")
    import_file(house, "main", house.file("n.xml", told(("2026-03-03", "500.00", "P-UK-70001"))))
    house.bank([("2026-03-03", "500.00", "CREDIT P-UK-70001")])
    side = house.side(as_of="2026-04-10")
    assert [one.code for one in side.exceptions] == ["unpaid"]
    assert side.not_judged == 0


@pytest.mark.parametrize("text", ["car deposit A-104233", "in other words"])
def test_a_statement_after_the_notification_of_its_day_adds_only_what_is_new(house: BankHouse, text: str) -> None:
    before = CAMT.format(closing="19476.50")
    house.bank([("2026-03-02", "9000.00", "EARLIER")], days=("2026-03-01", "2026-03-02"))
    own = "<AcctSvcrRef>FP-77</AcctSvcrRef>" if text.startswith("car") else ""
    [notified] = import_file(house, "main", house.file("n.xml", told(("2026-03-03", "12500.00", text), own=own)))
    [one] = import_file(house, "main", house.file("s.xml", before))
    assert (notified.new, one.state, one.new, one.lines) == (1, "taken", 3, 4), one.note
    with house.store.read() as conn:
        assert len(lines_between(conn, "northgate", date(2026, 3, 3), date(2026, 3, 4))) == 4
        assert coverage(conn, "northgate")["main"] == [(date(2026, 3, 1), date(2026, 3, 4))]
