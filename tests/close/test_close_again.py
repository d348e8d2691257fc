"""Two closes at once, a lease lost in the middle, a period taken out of the lock, and a deal that comes too late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from close_support import BOOK, PERIOD, copy_of, september
from pipeline_support import Dealership, sale

from dealbooks.errors import LeaseLost, StopConnection, UsageError
from dealbooks.pack import PackKeeper, close_with_pack, verify_pack
from dealbooks.periods import PeriodState
from dealbooks.pipeline.close import CloseResult
from dealbooks.pipeline.periods import history
from dealbooks.pipeline.reopened import reopen, reopened_now
from dealbooks.pipeline.status import status
from dealbooks.store import Lease
from dealbooks.store.audit import verify
from dealbooks.store.tables import leases


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return september(tmp_path_factory.mktemp("september"))


@pytest.fixture
def shop(template: Path, tmp_path: Path) -> Iterator[Dealership]:
    made = copy_of(template, tmp_path / "shop")
    yield made
    made.close()


def signed(shop: Dealership, period: str = PERIOD) -> CloseResult:
    with shop.open() as house:
        codes = sorted({one.code for one in close_with_pack(house, BOOK, period).obstacles if one.acceptable})
        return close_with_pack(house, BOOK, period, sign="Ann Lee", note="seen", accept=codes)


def certificate_of(result: CloseResult) -> dict[str, Any]:
    assert result.certificate is not None
    found: dict[str, Any] = json.loads(result.certificate.read_text("utf-8"))
    return found


def states(shop: Dealership) -> list[PeriodState]:
    with shop.open() as house:
        return [row.state for row in history(house, BOOK)]


def test_of_two_closes_at_once_one_refuses_in_words(shop: Dealership) -> None:
    with (
        shop.open() as house,
        Lease(house.store, f"close:{BOOK}"),
        pytest.raises(LeaseLost, match="another process"),
    ):
        close_with_pack(house, BOOK, PERIOD)


def test_who_lost_the_lease_in_the_middle_locks_nothing(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was stopped while it made the pack, and another one took the close over and finished it."""
    real = PackKeeper.keep

    def overtaken(self: PackKeeper, *args: Any) -> Any:
        made = real(self, *args)
        monkeypatch.setattr(PackKeeper, "keep", real)
        with shop.open() as house, house.store.transaction("test", "its lease runs out") as tx:
            tx.conn.execute(leases.update().where(leases.c.name == f"close:{BOOK}").values(expires_at=""))
        signed_by_other.append(signed(shop))
        return made

    signed_by_other: list[CloseResult] = []
    monkeypatch.setattr(PackKeeper, "keep", overtaken)
    with pytest.raises(LeaseLost):
        signed(shop)
    [other] = signed_by_other
    assert other.closed
    assert other.pack is not None
    assert verify_pack(other.pack).problems == ()
    [row] = shop.rows("periods")
    assert json.loads(row["certificate"])["file"] == "certificate.json"
    assert sorted(path.name for path in other.pack.parent.iterdir())[-1] == "pack"
    with shop.open() as house:
        assert verify(house.store).breaks == ()


def test_a_page_that_fails_in_the_middle_closes_nothing(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    with shop.open() as house:
        ledger = house.ledger(BOOK)
        real = ledger.records

        def torn(first: date, last: date) -> Iterator[Any]:
            yield from list(real(first, last))[:2]
            raise StopConnection("The ledger does not answer.", fix="Run it again.")

        monkeypatch.setattr(ledger, "records", torn)
        with pytest.raises(StopConnection):
            close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=["cit_unpaid"])
        monkeypatch.setattr(ledger, "records", real)
    assert states(shop) == []
    assert not (shop.folder / "var" / "closes").exists()
    assert signed(shop).closed


@pytest.mark.long
def test_a_ledger_that_changes_while_it_is_read_is_not_certified(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first reading misses a record: the second one, at the signature, does not."""
    with shop.open() as house:
        codes = sorted({one.code for one in close_with_pack(house, BOOK, PERIOD).obstacles if one.acceptable})
        ledger = house.ledger(BOOK)
        real = ledger.records
        monkeypatch.setattr(ledger, "records", lambda first, last: list(real(first, last))[:-1])
        result = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=codes)
        assert not result.closed
        assert result.changed
        monkeypatch.setattr(ledger, "records", real)
        again = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=["cit_unpaid"])
        assert not again.closed
        assert again.changed
    assert states(shop) == []


@pytest.mark.long
def test_a_period_is_out_of_the_lock_for_some_days(shop: Dealership) -> None:
    signed(shop)
    with shop.open() as house:
        with pytest.raises(UsageError, match="2 days at most"):
            reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late cost", approver="Bo Ray", days=9)
        reopen(house, BOOK, PERIOD, who="Ann Lee", reason="late cost", approver="Bo Ray", days=1)
        [one] = reopened_now(house.store, BOOK)
        assert (one.reason, one.approver, one.over) == ("late cost", "Bo Ray", False)
        before = status(house).books[0].needs_person
        shop.clock.forward(25 * 3600)
        assert [one.over for one in status(house).books[0].reopened] == [True]
        assert status(house).books[0].needs_person == before + 1
    shop.sales(28, sale(9))
    shop.sync()
    done = signed(shop)
    certificate = certificate_of(done)
    since = certificate["since_reopened"]
    assert since["certificate"] == 1
    assert [(item["who"], item["approver"], item["reason"]) for item in since["reopened"]] == [
        ("Ann Lee", "Bo Ray", "late cost")
    ]
    assert {item["deal"] for item in since["entries"]} == {"N-9"}
    assert any(item["was"] != item["is"] for item in since["accounts"])
    assert "Since certificate 1" in done.certificate.with_suffix(".txt").read_text("utf-8")  # type: ignore[union-attr]
    with shop.open() as house:
        assert reopened_now(house.store, BOOK) == ()
        assert verify(house.store).breaks == ()


def test_a_deal_after_the_lock_goes_to_the_next_period_and_its_certificate_lists_it(shop: Dealership) -> None:
    signed(shop)
    shop.clock.now = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
    shop.sales(29, sale(9))
    shop.sync()
    done = signed(shop, "2026-10")
    late = certificate_of(done)["late"]
    assert {(one["deal"], one["original_date"]) for one in late} == {("N-9", "2026-09-11")}
    assert {one["booked"] for one in late} == {"2026-10-01"}
    assert "closed before" in done.certificate.with_suffix(".txt").read_text("utf-8")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("zone", "at", "over"),
    [
        ("Europe/London", datetime(2026, 9, 30, 22, 59, tzinfo=UTC), False),  # 23:59 in London, in summer time
        ("Europe/London", datetime(2026, 9, 30, 23, 0, tzinfo=UTC), True),
        ("America/New_York", datetime(2026, 10, 1, 3, 59, tzinfo=UTC), False),
        ("America/New_York", datetime(2026, 10, 1, 4, 0, tzinfo=UTC), True),
    ],
)
def test_a_month_is_over_at_midnight_where_the_book_is(
    template: Path, tmp_path: Path, zone: str, at: datetime, *, over: bool
) -> None:
    shop = copy_of(template, tmp_path / "shop", timezone=zone)
    shop.clock.now = at
    with shop.open() as house:
        codes = {one.code for one in close_with_pack(house, BOOK, PERIOD).obstacles}
    assert ("not_over" not in codes) is over
    shop.close()


@pytest.mark.long
def test_the_clock_passing_midnight_and_the_end_of_summer_time_changes_nothing_that_was_shown(
    shop: Dealership,
) -> None:
    shop.clock.now = datetime(2026, 10, 24, 22, 55, tzinfo=UTC)
    with shop.open() as house:
        first = close_with_pack(house, BOOK, PERIOD)
        shop.clock.now = datetime(2026, 10, 25, 1, 5, tzinfo=UTC)  # the clocks went back five minutes ago
        codes = sorted({one.code for one in first.obstacles})
        done = close_with_pack(house, BOOK, PERIOD, sign="Ann Lee", note="seen", accept=codes)
    assert done.closed, done.changed
