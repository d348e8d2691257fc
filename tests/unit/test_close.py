"""Closing a period: what stands in the way, the certificate, the lock, and taking it out of the lock."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from reconcile_support import BOOK, MARCH, UK_MARCH, SmallHouse, key_of

from dealbooks.canonical import sha256_hex
from dealbooks.errors import StopBatch, UsageError
from dealbooks.periods import PeriodState
from dealbooks.pipeline import lock as locking
from dealbooks.pipeline.close import CloseResult, close
from dealbooks.pipeline.periods import history, locks
from dealbooks.pipeline.reopened import reopen
from dealbooks.store import Store
from dealbooks.store.audit import heads, verify

PERIOD = "2026-03"
OPEN = ("cit_unpaid", "payoff_late", "customer_balance")


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> SmallHouse:
    made = SmallHouse(sqlite_store, tmp_path / "var", post_from=MARCH.first)
    for name in UK_MARCH:
        made.take(name)
    made.drain()
    return made


def open_codes(house: SmallHouse) -> list[str]:
    """The classes of open items that the golden deals leave."""
    return sorted({item.code for item in close(house, BOOK, PERIOD).obstacles})


def signed(house: SmallHouse, period: str = PERIOD, *more: str) -> CloseResult:
    accept = [*open_codes(house), *more] if period == PERIOD else list(more)
    return close(house, BOOK, period, sign="Ann Lee", note="seen and agreed", accept=accept)


def test_without_a_signature_it_shows_what_stands_in_the_way_and_changes_nothing(house: SmallHouse) -> None:
    result = close(house, BOOK, PERIOD)
    assert (result.closed, result.certificate) == (False, None)
    assert {item.code for item in result.obstacles} <= set(OPEN)
    assert result.obstacles
    assert history(house, BOOK) == ()
    assert locks(house, BOOK).closed_through is None
    assert (house.var / "reports" / f"{BOOK}-{PERIOD}.md").is_file()


def test_signed_and_accepted_it_locks_with_a_certificate_that_proves_itself(house: SmallHouse) -> None:
    result = signed(house)
    assert result.closed
    assert result.state is PeriodState.LOCKED
    assert locks(house, BOOK).closed_through == MARCH.last
    assert result.certificate == house.var / "closes" / BOOK / PERIOD / "certificate.json"
    certificate = json.loads(result.certificate.read_text(encoding="utf-8"))
    assert (certificate["signed_by"], certificate["period"]) == ("Ann Lee", PERIOD)
    assert certificate["note"] == "seen and agreed"
    assert [item["code"] for item in certificate["accepted"]] == [item.code for item in result.accepted]
    report = result.certificate.with_name("certificate-report.json").read_text(encoding="utf-8")
    assert sha256_hex(report) == certificate["report_sha256"]
    [row] = history(house, BOOK)
    assert json.loads(row.certificate)["sha256"] == sha256_hex(result.certificate.read_text(encoding="utf-8"))
    text = result.certificate.with_suffix(".txt").read_text(encoding="utf-8")
    assert "Ann Lee" in text
    head = certificate["audit_head"]
    assert verify(house.store, known_heads={BOOK: (head["links"], head["hash"])}).intact


def test_the_head_of_the_audit_chain_is_kept_beside_the_ledger(house: SmallHouse) -> None:
    signed(house)
    assert house.kept.heads == [(BOOK, *heads(house.store)[BOOK])]


def test_a_difference_holds_it_until_it_is_accepted_with_a_note(house: SmallHouse) -> None:
    house.kept.listing = [record for record in house.kept.listing if record.key != key_of("G10", "receipt-P1")]
    usual = [code for code in open_codes(house) if code in OPEN]
    result = close(house, BOOK, PERIOD, sign="Ann Lee", note="n", accept=usual)
    assert not result.closed
    assert [item.code for item in result.obstacles] == ["deleted_in_ledger"]
    assert locks(house, BOOK).closed_through is None
    with pytest.raises(UsageError, match="reason"):
        close(house, BOOK, PERIOD, sign="Ann Lee", accept=[result.obstacles[0].id])
    accepted = close(house, BOOK, PERIOD, sign="Ann Lee", note="bank", accept=[*usual, result.obstacles[0].id])
    assert accepted.closed
    assert not accepted.reconciliation.agreed


def test_what_is_on_its_way_cannot_be_accepted(house: SmallHouse) -> None:
    house.take("G17")
    [item] = [item for item in close(house, BOOK, PERIOD).obstacles if item.code == "planned"]
    assert not item.acceptable
    with pytest.raises(UsageError, match="must be mended"):
        close(house, BOOK, PERIOD, sign="Ann Lee", note="n", accept=[item.id])


def test_a_period_that_is_not_over_cannot_be_closed(house: SmallHouse) -> None:
    house.day = date(2026, 3, 31)
    assert "not_over" in [item.code for item in close(house, BOOK, PERIOD).obstacles]


def test_earlier_periods_close_first(house: SmallHouse) -> None:
    house.day = date(2026, 5, 2)
    april = close(house, BOOK, "2026-04")
    assert [item.id for item in april.obstacles if item.code == "earlier_open"] == ["open-2026-03"]
    signed(house)
    usual = sorted({item.code for item in april.obstacles} & set(OPEN))
    again = close(house, BOOK, "2026-04", sign="Ann Lee", note="n", accept=usual)
    assert again.closed
    assert locks(house, BOOK).closed_through == date(2026, 4, 30)


def test_before_go_live_nothing_was_ours_to_close(house: SmallHouse) -> None:
    house.take("G14", only=["sale-v1", "receipt-P1"])  # February
    house.drain()
    assert "earlier_open" not in open_codes(house)
    house.post_from = None
    assert "earlier_open" in open_codes(house)


def test_a_closed_period_is_not_closed_twice(house: SmallHouse) -> None:
    signed(house)
    with pytest.raises(UsageError, match="closed already"):
        close(house, BOOK, PERIOD)


@pytest.mark.parametrize("sign", ["", "  "])
def test_a_close_is_signed_by_somebody(house: SmallHouse, sign: str) -> None:
    with pytest.raises(UsageError):
        close(house, BOOK, PERIOD, sign=sign)


def test_nothing_is_accepted_that_is_not_there(house: SmallHouse) -> None:
    with pytest.raises(UsageError, match="nothing to accept"):
        close(house, BOOK, PERIOD, sign="Ann Lee", note="n", accept=["wrong_account"])


def test_what_moves_while_it_is_closed_stops_it(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    accept = open_codes(house)
    real = locking.certificate_text

    def late(data: dict[str, object]) -> str:
        house.take("G17")
        return real(data)

    monkeypatch.setattr(locking, "certificate_text", late)
    with pytest.raises(StopBatch, match="changed while"):
        close(house, BOOK, PERIOD, sign="Ann Lee", note="n", accept=accept)
    assert locks(house, BOOK).closed_through is None
    assert [row.state for row in history(house, BOOK)] == [PeriodState.OPEN]


def test_reopening_needs_a_reason_and_somebody_else(house: SmallHouse) -> None:
    signed(house)
    with pytest.raises(UsageError, match="reason"):
        reopen(house, BOOK, PERIOD, who="Ann Lee", reason=" ", approver="Bo Ray")
    for approver in ("", "ann lee"):
        with pytest.raises(UsageError, match="somebody else"):
            reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late invoice", approver=approver)
    row = reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late invoice", approver="Bo Ray")
    assert row.state is PeriodState.REOPENED
    assert "Bo Ray" in row.note
    assert locks(house, BOOK).closed_through is None
    with pytest.raises(UsageError, match="is not closed"):
        reopen(house, BOOK, PERIOD, who="Ann Lee", reason="again", approver="Bo Ray")


def test_closing_again_keeps_the_old_certificate(house: SmallHouse) -> None:
    first = signed(house)
    assert first.certificate is not None
    old = first.certificate.read_bytes()
    reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late invoice", approver="Bo Ray")
    second = signed(house)
    assert second.certificate == first.certificate.with_name("certificate-2.json")
    assert first.certificate.read_bytes() == old
    assert verify(house.store).intact


def test_only_the_last_closed_period_is_reopened(house: SmallHouse) -> None:
    signed(house)
    house.day = date(2026, 5, 2)
    dry = close(house, BOOK, "2026-04")
    close(house, BOOK, "2026-04", sign="Ann Lee", note="n", accept=[*{item.code for item in dry.obstacles}])
    with pytest.raises(UsageError, match="2026-04"):
        reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late", approver="Bo Ray")


def test_the_later_of_our_lock_and_the_ledger_s_own_holds(house: SmallHouse) -> None:
    house.kept.locked = date(2026, 6, 30)
    assert locks(house, BOOK).closed_through is None, "this ledger has no closing dates"
    house.kept.can(lock_dates=True)
    assert locks(house, BOOK).closed_through == date(2026, 6, 30)
    signed(house)
    house.kept.locked = date(2026, 1, 31)
    assert locks(house, BOOK).closed_through == MARCH.last
