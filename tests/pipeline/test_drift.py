"""The drift watch on a book in Beancount files: what people change there is found once, with its class and its life."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_support import Dealership, financed, sale, vin_of, void
from sqlalchemy import update

from blocks.ledgers.beancount import programs
from blocks.ledgers.beancount.accounts import account_name
from dealbooks.errors import Overtaken, StopConnection, UsageError
from dealbooks.periods import Period, PeriodState
from dealbooks.pipeline import drift as watching
from dealbooks.pipeline.close import close
from dealbooks.pipeline.drift import Watched, watch
from dealbooks.pipeline.drift_found import DriftRow, acknowledge, findings, mark_told, untold
from dealbooks.pipeline.exceptions import acknowledge as acknowledge_exceptions
from dealbooks.pipeline.exceptions import keep
from dealbooks.pipeline.periods import move
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.store.audit import verify
from dealbooks.store.tables import cursors

BOOK = "northgate"
_AMOUNT = re.compile(r"(-?\d+)\.(\d\d) GBP")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Dealership]:
    made = Dealership(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
    made.sales(11, sale(1), sale(2), financed(3))
    made.sync()
    assert {row["state"] for row in made.rows("effects")} == {"posted"}
    yield made
    made.close()


def look(shop: Dealership, *, whole: bool = False, hours: float = 1) -> Watched:
    """The next look, by another process."""
    shop.close()
    shop.clock.forward(hours * 3600)
    with shop.open() as house:
        return watch(house, BOOK, whole=whole)


def file_of(shop: Dealership, entry_id: str, number: int) -> Path:
    """The file of an entry of a deal."""
    ids = {row["deal_number"]: row["id"] for row in shop.rows("deals")}
    (row,) = (
        one for one in shop.rows("entries") if (one["entry_id"], one["deal_id"]) == (entry_id, ids[f"N-{number}"])
    )
    (effect,) = (one for one in shop.rows("effects") if one["entry"] == row["id"])
    return shop.folder / "books" / "northgate" / str(effect["ref"])


def main_of(shop: Dealership) -> Path:
    return shop.folder / "books" / "northgate" / "main.beancount"


def typed(shop: Dealership, text: str) -> None:
    """Somebody types at the end of main.beancount."""
    with main_of(shop).open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def account(shop: Dealership, role: str) -> str:
    """How the ledger writes an account."""
    with shop.open() as house:
        return account_name(house.chart(BOOK).roles[role])


def codes(rows: list[DriftRow] | tuple[DriftRow, ...]) -> list[str]:
    return [one.finding.code for one in rows]


def nudge(path: Path) -> None:
    """Both sides of a transaction are a pound more."""
    found = 0

    def more(amount: re.Match[str]) -> str:
        nonlocal found
        found += 1
        step = -1 if amount[1].startswith("-") else 1
        return f"{int(amount[1]) + step}.{amount[2]} GBP" if found <= 2 else amount[0]

    path.write_text(_AMOUNT.sub(more, path.read_text("utf-8")), "utf-8")


def test_an_untouched_ledger_is_quiet_and_only_the_first_look_reads_it_whole(
    shop: Dealership, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = look(shop)
    assert (first.whole, first.quiet) == (True, True)
    assert first.told > 0
    ran: list[object] = []
    query = programs.query
    monkeypatch.setattr("blocks.ledgers.beancount.ledger.query", lambda *given: (ran.append(given), query(*given))[1])
    shop.clock.forward(60)
    for _ in range(3):
        found = look(shop)
        assert (found.whole, found.quiet) == (False, True)
    assert len(ran) <= 3  # what was written within a minute of the newest file is read again, by itself


def test_a_week_after_the_last_whole_look_everything_is_read_again(shop: Dealership) -> None:
    assert look(shop).whole
    assert not look(shop, hours=24).whole
    assert look(shop, hours=7 * 24).whole


def test_an_edited_amount_is_found_once_and_gone_when_it_is_undone(shop: Dealership) -> None:
    look(shop)
    path = file_of(shop, "sale-v1", 1)
    before = path.read_bytes()
    nudge(path)
    found = look(shop)
    assert (found.whole, codes(found.raised), codes(found.open)) == (
        False,
        ["edited_after_posting"],
        ["edited_after_posting"],
    )
    (one,) = found.open
    assert (one.finding.deal, one.finding.period, one.finding.closed) == ("N-1", "2026-09", False)
    assert "debit" in one.finding.what
    again = look(shop)
    assert (again.raised, codes(again.open)) == ((), ["edited_after_posting"])
    assert again.open[0].first_seen == one.first_seen
    nudge(path)
    changed = look(shop)
    assert codes(changed.raised) == ["edited_after_posting"]
    path.write_bytes(before)
    undone = look(shop)
    assert (undone.quiet, codes(undone.ended)) == (True, ["edited_after_posting"])
    nudge(path)
    back = look(shop)
    assert codes(back.raised) == ["edited_after_posting"]
    assert back.open[0].first_seen == one.first_seen
    with shop.open() as house:
        assert verify(house.store).intact


def test_a_deleted_entry_is_critical_and_never_made_again(shop: Dealership) -> None:
    look(shop)
    file_of(shop, "sale-v1", 2).unlink()
    found = look(shop)
    assert codes(found.raised) == ["deleted_in_ledger"]
    assert found.open[0].finding.severity == "critical"
    files = shop.files()
    shop.sync()
    assert shop.files() == files
    assert codes(look(shop).open) == ["deleted_in_ledger"]
    assert codes(look(shop, whole=True).open) == ["deleted_in_ledger"]


def test_a_date_in_another_month_a_note_and_a_copy_have_their_classes(shop: Dealership) -> None:
    look(shop)
    moved = file_of(shop, "sale-v1", 1)
    moved.write_text(moved.read_text("utf-8").replace("2026-09-11", "2026-10-02", 1), "utf-8")
    noted = file_of(shop, "sale-v1", 2)
    noted.write_text(noted.read_text("utf-8").replace("U2", "U2 "), "utf-8")
    copied = file_of(shop, "sale-v1", 3)
    text = copied.read_text("utf-8")
    copied.write_text(text + "\n" + text, "utf-8")
    found = {one.finding.code: one.finding for one in look(shop).open}
    assert set(found) == {"wrong_period", "edited_after_posting", "duplicate"}
    assert found["edited_after_posting"].deal == "N-2"
    assert found["duplicate"].deal == "N-3"
    assert look(shop).raised == ()


def test_what_is_typed_on_owned_accounts_is_found_and_what_clears_an_item_is_not(shop: Dealership) -> None:
    look(shop)
    transit, bank, revenue = (
        account(shop, role) for role in ("receivable.finance_company", "cash.bank", "sales.used_vehicle")
    )
    typed(shop, f'2026-09-20 * "Black Horse R3"\n  {bank}  9000.00 GBP\n  {transit}  -9000.00 GBP\n    stock_no: "U3"')
    assert look(shop).quiet
    typed(shop, f'2026-09-21 * "A correction"\n  {bank}  50.00 GBP\n  {revenue}  -50.00 GBP')
    found = look(shop)
    assert len(found.open) == 1
    assert found.open[0].finding.code in ("missing_in_source", "unexplained_ledger_entry")
    kept = found.open[0].finding.id
    main_of(shop).write_text("; moved down by a line\n" + main_of(shop).read_text("utf-8"), "utf-8")
    moved = look(shop)
    assert (moved.raised, moved.ended, [one.finding.id for one in moved.open]) == ((), (), [kept])


def test_a_sale_typed_again_by_hand_is_a_duplicate(shop: Dealership) -> None:
    look(shop)
    customer, revenue = (account(shop, role) for role in ("receivable.customer", "sales.used_vehicle"))
    typed(shop, f'2026-09-12 * "Octavia {vin_of(1)}"\n  {customer}  10000.00 GBP\n  {revenue}  -10000.00 GBP')
    found = look(shop)
    assert [(one.finding.code, one.finding.deal) for one in found.open] == [("duplicate", "N-1")]


def test_in_a_closed_month_it_is_graver_and_said_so(shop: Dealership) -> None:
    look(shop)
    with shop.open() as house, house.store.transaction("test", "close") as tx:
        move(tx, BOOK, Period(2026, 9), PeriodState.CLOSING, who="Ann")
        move(tx, BOOK, Period(2026, 9), PeriodState.LOCKED, who="Ann")
    nudge(file_of(shop, "sale-v1", 1))
    (one,) = look(shop).open
    assert (one.finding.severity, one.finding.closed) == ("critical", True)
    assert "2026-09 is closed" in one.finding.what
    assert "which is closed" in one.finding.told


def test_what_was_accepted_when_the_month_was_closed_is_acknowledged_by_its_note(shop: Dealership) -> None:
    look(shop)
    shop.clock.forward(40 * 86_400)
    bank, revenue = (account(shop, role) for role in ("cash.bank", "sales.used_vehicle"))
    typed(shop, f'2026-09-21 * "A correction"\n  {bank}  50.00 GBP\n  {revenue}  -50.00 GBP')
    typed(shop, f'2026-09-22 * "Another"\n  {bank}  7.00 GBP\n  {revenue}  -7.00 GBP')
    assert len(look(shop).open) == 2
    with shop.open() as house:
        found = [one.id for one in close(house, BOOK, "2026-09").obstacles]
        accept = [f"{one}=receipt 118" for one in found]
        assert close(house, BOOK, "2026-09", sign="Ann Lee", accept=accept).closed
        assert findings(house, BOOK) == [], "as soon as it is closed"
    typed(shop, f'2026-09-23 * "Too late"\n  {bank}  9.00 GBP\n  {revenue}  -9.00 GBP')
    again = look(shop, whole=True)
    assert [(one.finding.severity, one.finding.closed) for one in again.open] == [("critical", True)]
    assert len(again.raised) == 1
    with shop.open() as house:
        kept = findings(house, BOOK, ("acknowledged",))
        assert verify(house.store).intact
    assert {(one.who, one.why, one.finding.closed) for one in kept} == {("Ann Lee", "receipt 118", True)}
    assert "critical" not in {one.finding.severity for one in kept}
    assert not [one for one in kept if "is closed" in one.finding.what]


def test_two_typed_alike_and_accepted_are_both_acknowledged(shop: Dealership) -> None:
    bank, revenue = (account(shop, role) for role in ("cash.bank", "sales.used_vehicle"))
    for _ in range(2):
        typed(shop, f'2026-09-21 * "A correction"\n  {bank}  50.00 GBP\n  {revenue}  -50.00 GBP')
    shop.clock.forward(40 * 86_400)
    with shop.open() as house:
        accept = [f"{one.id}=receipt 118" for one in close(house, BOOK, "2026-09").obstacles]
        assert close(house, BOOK, "2026-09", sign="Ann Lee", accept=accept).closed
    assert look(shop).quiet
    with shop.open() as house:
        assert len(findings(house, BOOK, ("acknowledged",))) == 2


def test_an_acceptance_does_not_cover_what_was_changed_after_it(shop: Dealership) -> None:
    path = file_of(shop, "sale-v1", 1)
    nudge(path)
    shop.clock.forward(40 * 86_400)
    with shop.open() as house:
        accept = [f"{one.id}=agreed" for one in close(house, BOOK, "2026-09").obstacles]
        assert close(house, BOOK, "2026-09", sign="Ann Lee", accept=accept).closed
    first = look(shop)
    assert (first.whole, first.quiet, first.raised) == (True, True, ())
    nudge(path)
    assert [one.finding.severity for one in look(shop).open] == ["critical"]
    with shop.open() as house:
        reconciled = keep(house, reconcile(house, BOOK, "2026-09"))
        acknowledge_exceptions(house, BOOK, reconciled.raised, who="Bo Ray", why="seen")
    assert len(look(shop, whole=True).open) == 1, "what is acknowledged after the lock was not signed"


def test_what_a_person_acknowledged_is_open_again_only_when_it_changes(shop: Dealership) -> None:
    look(shop)
    path = file_of(shop, "sale-v1", 1)
    nudge(path)
    (one,) = look(shop).open
    with shop.open() as house:
        with pytest.raises(UsageError, match="with a note"):
            acknowledge(house, BOOK, [one.finding.id], who="Ann Lee", why=" ")
        with pytest.raises(UsageError, match="no open finding 0123456789"):
            acknowledge(house, BOOK, ["0123456789"], who="Ann Lee", why="agreed")
        acknowledge(house, BOOK, [one.finding.id], who="Ann Lee", why="agreed with the auditor")
    assert look(shop, whole=True).quiet
    with shop.open() as house:
        (kept,) = findings(house, BOOK, ("acknowledged",))
        assert (kept.who, kept.why) == ("Ann Lee", "agreed with the auditor")
    nudge(path)
    found = look(shop)
    assert (codes(found.raised), found.open[0].who) == (["edited_after_posting"], "")


def test_people_are_told_of_each_once_and_again_when_it_changes(shop: Dealership) -> None:
    look(shop)
    path = file_of(shop, "sale-v1", 1)
    nudge(path)
    look(shop)
    with shop.open() as house:
        told = untold(house, BOOK)
        assert codes(told) == ["edited_after_posting"]
        mark_told(house, BOOK, told)
        assert untold(house, BOOK) == []
        assert verify(house.store).intact
    assert look(shop).raised == ()
    with shop.open() as house:
        assert untold(house, BOOK) == []
    nudge(path)
    look(shop)
    with shop.open() as house:
        assert codes(untold(house, BOOK)) == ["edited_after_posting"]


def test_what_leaves_the_house_names_nobody(shop: Dealership) -> None:
    look(shop)
    file_of(shop, "sale-v1", 1).unlink()
    typed(shop, '2026-09-21 * "Harriet Thackray"\n  {}  50.00 GBP\n  {}  -50.00 GBP'.format(
        account(shop, "cash.bank"), account(shop, "sales.used_vehicle")))  # fmt: skip
    told = [one.finding.told for one in look(shop).open]
    assert len(told) == 2
    assert not [line for line in told if "Thackray" in line]


def test_the_cursor_moves_only_with_what_was_recorded(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    look(shop)
    nudge(file_of(shop, "sale-v1", 1))
    kept = shop.rows("cursors")

    def fails(*_: object, **__: object) -> None:
        raise StopConnection("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(watching, "lived", fails)
        with pytest.raises(StopConnection):
            look(shop)
    assert shop.rows("cursors") == kept
    assert shop.rows("drift") == []
    assert codes(look(shop).raised) == ["edited_after_posting"]


def test_of_two_looks_at_once_one_is_kept(shop: Dealership, monkeypatch: pytest.MonkeyPatch) -> None:
    look(shop)
    nudge(file_of(shop, "sale-v1", 1))
    with shop.open() as house:
        judged = watching.__dict__["judged"]

        def overtaken(*given: object, **more: object) -> object:
            with house.store.transaction("another", "look") as tx:
                tx.conn.execute(update(cursors).values(body="{}"))
            return judged(*given, **more)

        monkeypatch.setattr(watching, "judged", overtaken)
        with pytest.raises(Overtaken, match="made meanwhile"):
            watch(house, BOOK)
    assert shop.rows("drift") == []


def test_a_book_in_which_nothing_stands_asks_nothing(tmp_path: Path) -> None:
    shop = Dealership(tmp_path, f"sqlite:///{tmp_path / 'store.db'}")
    found = look(shop)
    assert (found.quiet, found.told, found.whole) == (True, 0, False)
    assert not main_of(shop).exists()
    shop.close()


def test_entries_that_the_ledger_does_not_read_any_more_stop_the_watch(shop: Dealership) -> None:
    """The files stand, and are not in the books: that is no quiet ledger."""
    look(shop)
    main = main_of(shop)
    whole = main.read_text("utf-8")
    main.write_text("".join(line for line in whole.splitlines(keepends=True) if "ledger/" not in line), "utf-8")
    for _ in range(2):
        with pytest.raises(StopConnection, match="no longer has the line"):
            look(shop)
    main.write_text(whole, "utf-8")
    assert look(shop).quiet


def test_an_old_entry_that_was_deleted_is_found_without_reading_everything(shop: Dealership) -> None:
    look(shop)
    shop.clock.forward(200 * 86_400)
    assert look(shop).whole
    file_of(shop, "sale-v1", 1).unlink()
    found = look(shop)
    assert (found.whole, codes(found.open)) == (False, ["deleted_in_ledger"])


def test_amending_and_taking_back_by_ourselves_is_no_drift(shop: Dealership) -> None:
    look(shop)
    shop.sales(12, sale(1, price="10500.00"))
    shop.sales(13, void(2))
    shop.sync()
    assert {"sale-v2"} <= set(shop.entry_ids(1))
    for whole in (False, True):
        found = look(shop, whole=whole)
        assert [one.finding.what for one in found.open] == []
