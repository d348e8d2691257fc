"""What somebody deleted in the ledger, issued again by a person's command: through the whole house, on files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_support import Dealership, sale, void

from dealbooks.entries import Entry
from dealbooks.errors import LeaseLost, UsageError
from dealbooks.pipeline.again import IssuedAgain, again
from dealbooks.pipeline.attention import attention
from dealbooks.pipeline.close import close
from dealbooks.pipeline.reconcile import reconcile
from dealbooks.pipeline.trace import trace
from dealbooks.store import Lease

BOOK, MONTH = "northgate", "2026-09"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Dealership]:
    made = Dealership(tmp_path, f"sqlite:///{tmp_path}/store.db")
    made.sales(11, sale(1), sale(2))
    assert made.sync().exit_code == 0
    yield made
    made.close()


def remove(shop: Dealership, entry_id: str, number: int = 1) -> None:
    """Somebody deletes the transaction of an entry."""
    deal = shop.deals()[f"N-{number}"]["id"]
    live = {
        row["id"] for row in shop.rows("entries")
        if (row["entry_id"], row["deal_id"]) == (entry_id, deal) and row["state"] != "superseded"
    }  # fmt: skip
    (row,) = (row for row in shop.rows("effects") if row["entry"] in live and row["state"] != "superseded")
    (shop.folder / "books" / BOOK / row["ref"]).unlink()


def issue(shop: Dealership, *entries: str, number: int = 1) -> IssuedAgain:
    with shop.open() as house:
        return again(house, f"N-{number}", who="Ann Lee", why="deleted by mistake", wanted=entries)


def codes(shop: Dealership, month: str = MONTH) -> list[str]:
    with shop.open() as house:
        return [found.code for found in reconcile(house, BOOK, month).differences]


def test_what_was_deleted_is_found_issued_again_and_agrees(shop: Dealership) -> None:
    before = shop.balances()
    remove(shop, "sale-v1")
    assert "deleted_in_ledger" in codes(shop)
    shop.sync()
    assert shop.balances() != before
    done = issue(shop)
    assert done.entries == ("sale-v1",)
    assert shop.deals()["N-1"]["state"] == "planned"
    assert shop.sync().exit_code == 0
    assert shop.deals()["N-1"]["state"] == "posted"
    assert shop.balances() == before
    assert codes(shop) == []
    shop.sound()


def test_given_twice_it_makes_one(shop: Dealership) -> None:
    remove(shop, "receipt-P-BANK")
    issue(shop)
    with pytest.raises(UsageError):
        issue(shop, "receipt-P-BANK")
    shop.sync()
    written = shop.files()
    with pytest.raises(UsageError, match="still shows everything of deal N-1"):
        issue(shop)
    with pytest.raises(UsageError, match="still shows receipt-P-BANK"):
        issue(shop, "receipt-P-BANK")
    shop.sync()
    assert shop.files() == written


def test_it_takes_a_name_and_a_reason_and_a_deal(shop: Dealership) -> None:
    remove(shop, "sale-v1")
    with shop.open() as house:
        for who, why in (("", "x"), ("Ann Lee", " ")):
            with pytest.raises(UsageError, match="by somebody, for a reason"):
                again(house, "N-1", who=who, why=why)
        with pytest.raises(UsageError, match="No deal is called N-9"):
            again(house, "N-9", who="Ann Lee", why="x")
        with pytest.raises(UsageError, match="has no sale-v7"):
            again(house, "N-1", who="Ann Lee", why="x", wanted=["sale-v7"])


@pytest.mark.parametrize("lease", [f"plan:{BOOK}", f"ledger:{BOOK}"])
def test_nobody_else_plans_or_sends_meanwhile(shop: Dealership, lease: str) -> None:
    remove(shop, "sale-v1")
    with shop.open() as house, Lease(house.store, lease), pytest.raises(LeaseLost):
        again(house, "N-1", who="Ann Lee", why="x")


def test_an_amendment_takes_back_what_was_issued_again(shop: Dealership) -> None:
    remove(shop, "sale-v1")
    issue(shop)
    shop.sync()
    shop.sales(14, sale(1, price="10500.00"), again=1)
    assert shop.sync().exit_code == 0
    assert {"reversal-v1", "sale-v2"} <= set(shop.entry_ids(1))
    assert codes(shop) == []
    shop.sound()


def test_an_amendment_before_it_was_sent_leaves_it_out(shop: Dealership) -> None:
    """Nothing stands that could be taken back: the new version alone does."""
    remove(shop, "sale-v1")
    issue(shop)
    shop.sales(14, sale(1, price="10500.00"), again=1)
    assert shop.sync().exit_code == 0
    assert "sale-v2" in shop.entry_ids(1)
    assert codes(shop) == []
    shop.sound()


def test_a_void_takes_back_what_was_issued_again(shop: Dealership) -> None:
    remove(shop, "sale-v1")
    issue(shop)
    shop.sync()
    shop.sales(14, void(1), again=1)
    assert shop.sync().exit_code == 0
    assert "unwind-v1" in shop.entry_ids(1)
    assert codes(shop) == []
    with pytest.raises(UsageError, match="still shows everything"):
        issue(shop)


def test_a_sale_that_was_taken_back_is_not_issued_again_alone(shop: Dealership) -> None:
    shop.sales(14, void(1), again=1)
    assert shop.sync().exit_code == 0
    remove(shop, "sale-v1")
    with pytest.raises(UsageError, match="a sale that was taken back is gone"):
        issue(shop)
    with pytest.raises(UsageError, match="sale-v1 was taken back by unwind-v1"):
        issue(shop, "sale-v1")
    remove(shop, "unwind-v1")
    with pytest.raises(UsageError, match="there is nothing to take back"):
        issue(shop, "unwind-v1")
    assert issue(shop, "sale-v1", "unwind-v1").entries == ("sale-v1", "unwind-v1")
    assert shop.sync().exit_code == 0
    assert codes(shop) == []


def test_in_a_closed_period_it_goes_to_the_open_one(shop: Dealership) -> None:
    with shop.open() as house:
        found = [one.id for one in close(house, BOOK, MONTH).obstacles]
        closed = close(house, BOOK, MONTH, sign="Ann Lee", note="as it is", accept=found)
    assert closed.closed, closed.obstacles
    remove(shop, "sale-v1")
    done = issue(shop)
    assert "the books are closed through 2026-09-30" in done.moved[0]
    assert shop.sync().exit_code == 0
    (row,) = (one for one in shop.rows("entries") if one["accounting_date"] == "2026-10-01")
    entry = Entry.from_json(json.loads(row["body"]))
    assert (str(entry.accounting_date), str(entry.original_date)) == ("2026-10-01", "2026-09-11")
    with shop.open() as house:
        october = reconcile(house, BOOK, "2026-10")
    assert [one.entry for one in october.late] == ["sale-v1"]
    assert october.differences == ()


def test_a_restored_copy_beside_the_new_one_is_reported(shop: Dealership) -> None:
    before = shop.files()
    remove(shop, "sale-v1")
    (gone,) = set(before) - set(shop.files())
    issue(shop)
    shop.sync()
    (shop.folder / "books" / gone).write_bytes(before[gone])
    assert codes(shop) == ["duplicate"]


def test_the_story_and_the_status_say_what_can_be_done(shop: Dealership) -> None:
    remove(shop, "sale-v1")
    with shop.open() as house:
        row = next(one for one in shop.rows("effects") if one["deal_id"] == shop.deals()["N-1"]["id"])
        with house.store.transaction("test", "it was confirmed and is gone") as tx:
            tx.update("effects", [row], state="unknown", next_at=tx.at)
    shop.sync()
    (row,) = (one for one in shop.rows("effects") if one["state"] == "disputed")
    with shop.open() as house, house.store.read() as conn:
        (told,) = attention(conn, BOOK, house.store.now())
        story = trace(house, "N-1")
    assert row["id"][:12] in told.why
    assert "dealbooks issue-again N-1" in told.fix
    details = [line for moment in story.moments for line in moment.details]
    assert any(line.startswith("what to do: ") and "issue-again N-1" in line for line in details)
    assert f"key {row['id']}" in details
    issue(shop)
    assert shop.sync().exit_code == 0
    with shop.open() as house:
        story = trace(house, "N-1")
    told_of = [line for moment in story.moments for line in moment.details]
    assert "Issued again by Ann Lee: deleted by mistake" in told_of
    assert any(moment.text.startswith("sale-v1, issue 2") for moment in story.moments)
