"""What people took away in the ledger is issued again when a person says so: once, under a key of its own, whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from conformance.deals import BOOK, postings_of
from conformance.rig import AFTER, Rig, Unable

from dealbooks.errors import UsageError
from dealbooks.ledger import Posting
from dealbooks.outbox import Planned
from dealbooks.outbox.again import Choice, choose, issue_again, look
from dealbooks.store import Lease


def again(rig: Rig, postings: Sequence[Posting], *names: str) -> Choice:
    """A person's command, without the pipeline around it."""
    rig.ledger.get_ready()
    deal = postings[0].key.deal
    with Lease(rig.store, f"ledger:{BOOK}") as lease:
        seen = look(rig.store, BOOK, rig.ledger, deal, lease)
        choice = choose(seen, names or seen.gone_entries)
        chosen = [one for one in postings if one.entry.entry_id in {seen.names[entry] for entry in choice.entries}]
        planned = [Planned(one, rig.ledger.effects(one)) for one in map(issued, chosen)]
        with rig.store.transaction("Ann Lee", "issue again") as tx:
            lease.check(tx)
            issue_again(tx, rig.ledger, seen, choice, planned, who="Ann Lee", why="deleted by mistake")
    return choice


def issued(posting: Posting) -> Posting:
    """The next issue of a posting."""
    return replace(posting, key=replace(posting.key, issue=posting.key.issue + 1))


def take_away(rig: Rig, name: str, of: Posting | None = None) -> None:
    """Somebody deletes or voids what the newest effect of a name (of a posting) made."""
    rows = [one for one in rig.rows() if one["name"] == name and one["state"] == "posted"]
    row = [one for one in rows if of is None or one["entry"] == of.key.wire()][-1]
    try:
        rig.delete(row["ref"])
    except Unable:
        rig.void(row["ref"])


def first_sale(rig: Rig, case: str = "G11") -> list[Posting]:
    """A sale with its journal, posted, and no money that ties it down."""
    sale = postings_of(case)[:1]
    rig.put(*sale)
    assert rig.drain().clean
    return sale


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_what_was_taken_away_is_made_again_once(rig: Rig, which: str) -> None:
    sale = first_sale(rig)
    balances, standing = rig.balances(), rig.standing()
    take_away(rig, getattr(rig, which))
    rig.reconnect()
    assert rig.standing() != standing
    again(rig, sale)
    rig.reconnect()
    assert rig.drain().clean, rig.open()
    assert (rig.balances(), rig.standing()) == (balances, standing)
    written = rig.written()
    with pytest.raises(UsageError, match="still shows sale-v1"):
        again(rig, sale, "sale-v1")
    rig.drain()
    assert rig.written() == written


def test_what_still_stands_is_not_made_a_second_time(rig: Rig) -> None:
    sale = first_sale(rig)
    before, rows = rig.written(), rig.rows()
    with pytest.raises(UsageError, match=r"still shows sale-v1 \("):
        again(rig, sale, "sale-v1")
    assert rig.rows() == rows
    rig.drain()
    assert rig.written() == before


def test_before_it_is_sent_it_is_not_planned_a_second_time(rig: Rig) -> None:
    sale = first_sale(rig)
    take_away(rig, rig.sale)
    rig.reconnect()
    again(rig, sale)
    rows = rig.rows()
    with pytest.raises(UsageError, match="it is not issued a second time"):
        again(rig, sale, "sale-v1")
    assert rig.rows() == rows


def test_it_has_keys_of_its_own_and_what_stands_keeps_its_own(rig: Rig) -> None:
    sale = first_sale(rig)
    before = {row["id"]: row for row in rig.rows()}
    take_away(rig, rig.sale)
    rig.reconnect()
    choice = again(rig, sale)
    rows = {row["id"]: row for row in rig.rows()}
    assert {row["state"] for key, row in rows.items() if key in choice.effects} == {"superseded"}
    assert all(rows[key]["reason"] == "Issued again by Ann Lee: deleted by mistake" for key in choice.effects)
    stands = set(before) - choice.effects
    assert {rows[key]["state"] for key in stands} <= {"posted"}
    assert {row["entry"] for row in rows.values() if row["state"] != "superseded"} == {issued(sale[0]).key.wire()}


def test_lost_answers_do_not_make_it_twice(rig: Rig) -> None:
    sale = first_sale(rig)
    balances, standing = rig.balances(), rig.standing()
    take_away(rig, rig.sale)
    rig.reconnect()
    again(rig, sale)
    rig.order(*AFTER[:1])
    rig.settled()
    assert not rig.open()
    assert (rig.balances(), rig.standing()) == (balances, standing)


def test_it_can_be_taken_away_and_issued_a_second_time(rig: Rig) -> None:
    sale = first_sale(rig)
    balances, standing = rig.balances(), rig.standing()
    for _ in range(2):
        take_away(rig, rig.sale)
        rig.reconnect()
        again(rig, sale)
        rig.reconnect()
        assert rig.drain().clean, rig.open()
        sale = [issued(sale[0])]
    assert (rig.balances(), rig.standing()) == (balances, standing)


@pytest.mark.parametrize("which", ["sale", "journal"])
def test_an_amendment_takes_back_what_was_issued_again(rig: Rig, which: str) -> None:
    postings = postings_of("G14")
    first = next(at for at, one in enumerate(postings) if one.entry.entry_id == "sale-v1")
    rig.put(*postings[: first + 1])
    assert rig.drain().clean
    take_away(rig, getattr(rig, which))
    rig.reconnect()
    again(rig, postings)
    assert rig.drain().clean, rig.open()
    key = issued(postings[first]).key
    later = [
        replace(
            one, reverses=key if one.reverses == postings[first].key else one.reverses,
            sale=key if one.sale == postings[first].key else one.sale,
        )
        for one in postings[first + 1 :]
    ]  # fmt: skip
    rig.put(*later)
    assert rig.drain().clean, rig.open()
    assert rig.balances() == rig.wanted("G14")


def test_money_that_was_taken_away_with_its_sale_is_issued_again_with_it(rig: Rig) -> None:
    postings = postings_of("G11")
    rig.put(*postings)
    assert rig.drain().clean
    balances, standing = rig.balances(), rig.standing()
    take_away(rig, rig.money, next(one for one in postings if one.entry.event == "payment.received"))
    take_away(rig, rig.sale, next(one for one in postings if one.entry.event == "sale.posted"))
    rig.reconnect()
    choice = again(rig, postings)
    assert len(choice.entries) == 2
    assert not choice.by_hand
    rig.reconnect()
    assert rig.drain().clean, rig.open()
    assert (rig.balances(), rig.standing()) == (balances, standing)


def test_money_that_stands_is_matched_again_or_named(make: Callable[..., Rig]) -> None:
    """Where the ledger keeps the payment of a deleted sale, it is open: it is set against the new one, or a person is
    told to."""
    rig = make("uk", **make("uk").unlinks)
    postings = postings_of("G11")
    rig.put(*postings)
    assert rig.drain().clean
    balances, standing = rig.balances(), rig.standing()
    money = next(row for row in rig.rows() if row["name"] == rig.money)["ref"]
    assert rig.applied(money)
    take_away(rig, rig.sale)
    assert not rig.applied(money)
    rig.reconnect()
    choice = again(rig, postings)
    rig.reconnect()
    assert rig.drain().clean, rig.open()
    assert (rig.balances(), rig.standing()) == (balances, standing)
    assert rig.applied(money) != any(row["ref"] == money for row in choice.by_hand)
